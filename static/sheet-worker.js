// The worker of the pages under /v/: it keeps one of them with nobody in it, our files, and the keys with what was taken
// back. Nothing of any sheet lies here. The route puts VERSION and FILES before this.
"use strict";

const CACHE = `sheets ${VERSION}`;
const SHELL = "/v/";
const KEYS = "/v/cles.json";

const within = (seconds, promise) =>
  Promise.race([promise, new Promise((_, failed) => { setTimeout(failed, seconds * 1000); })]);

let away = false;   // a page was just waited for in vain: the keys are not waited for as long again

const keys = async (request) => {
  const cache = await caches.open(CACHE);
  try {
    const answer = await within(away ? 1 : 4, fetch(request));
    if (!answer.ok) throw new Error("no keys");
    await cache.put(KEYS, answer.clone());
    return answer;
  } catch {
    return (await cache.match(KEYS)) || Response.error();
  }
};

const page = async (request) => {
  try {
    const answer = await within(4, fetch(request));
    away = false;
    return answer;
  } catch {
    away = true;
    return (await caches.match(SHELL, { cacheName: CACHE })) || Response.error();
  }
};

self.addEventListener("install", (event) => {
  self.skipWaiting();
  const wanted = [SHELL, KEYS, ...FILES].map((address) => new Request(address, { credentials: "omit" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("sheets ") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === KEYS) event.respondWith(keys(event.request));
  else if (FILES.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(event.request, { cacheName: CACHE, ignoreVary: true }).then((kept) => kept || fetch(event.request)));
  } else if (event.request.mode === "navigate" && url.pathname.startsWith(SHELL)) event.respondWith(page(event.request));
});
