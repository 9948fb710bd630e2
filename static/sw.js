// The worker: our own files, three pages of whoever calls this phone theirs, and without network, instead of other pages,
// the one of what waits. The route puts FILES before this: our files by name.
"use strict";

importScripts(FILES["outbox.js"]);

const PAGES = ["/passeport", "/ajouter", "/carte"];
const NEVER = /^\/[sctv]\//;   // what somebody shows, a card, a witness's link: never ours to keep or to answer
const WEEK = 7 * 24 * 3600 * 1000;
const SHELL = `shell ${Object.values(FILES)}`;
const AWAY = "/envois";

// A page that knows it is a copy.
const copied = (html, answer) => {
  const headers = new Headers(answer.headers);
  for (const other of ["Vary", "Content-Length", "Content-Encoding"]) headers.delete(other);
  headers.set("Kept-At", Date.now());
  headers.set("Kept-From", answer.url);
  return new Response(html.replace("<html", "<html data-kept"), { headers });
};

const keepAway = async (language) => {
  const shell = await caches.open(SHELL);
  const address = language ? `${AWAY}?lang=${language}` : AWAY;
  if ((await shell.match(AWAY))?.headers.get("Kept-From").endsWith(address)) return;
  const answer = await fetch(address, { credentials: "omit" });   // without a cookie it holds nothing of anybody
  if (answer.ok) await shell.put(AWAY, copied(await answer.text(), answer));
};

// ---------- three pages of one person ----------

const copies = async () => {
  const found = {};
  for (const name of await caches.keys()) {
    if (!name.startsWith("pages ")) continue;
    const cache = await caches.open(name);
    for (const path of PAGES) {
      const page = await cache.match(path);
      if (Number(page?.headers.get("Kept-At")) > Date.now() - WEEK) found[path] = page;
      else await cache.delete(path);
    }
  }
  return found;
};

// The server says with each page whose copies may lie here: all others go.
const note = async (url, answer, into) => {
  const page = PAGES.includes(url.pathname + url.search);
  if (page && answer.type === "opaqueredirect") await self.outbox.forget("pages");   // to the sign-in page
  if (!answer.ok || !answer.headers.get("X-Request-ID")) return;
  const account = answer.headers.get("Kept-For");
  const name = account && `pages ${account}`;
  const html = name && !answer.redirected && page ? answer.clone().text() : null;
  await self.outbox.forget("pages", name);
  if (html) await (into || await caches.open(name)).put(url.pathname, copied(await html, answer));
};

const fill = async (account) => {
  const cache = await caches.open(`pages ${account}`);   // signing out takes it away, late pages included
  if ((await cache.keys()).length < PAGES.length) {
    for (const path of PAGES) await note(new URL(path, location), await fetch(path), cache);
  }
};

const open = async (event, url) => {
  const kept = (await copies())[url.pathname + url.search];
  const fetching = fetch(event.request);
  event.waitUntil(fetching.then((answer) => note(url, answer)).catch(() => {}));   // however late
  try {
    return await Promise.race([fetching, new Promise((_, late) => { setTimeout(late, kept ? 4000 : 20000); })]);
  } catch {
    return kept || (await caches.match(AWAY)) || Response.error();
  }
};

// ---------- what is asked ----------

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(SHELL).then((shell) => Promise.all([shell.addAll(Object.values(FILES)), keepAway()])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.outbox.forget("shell", SHELL).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || NEVER.test(url.pathname)) return;
  if (Object.values(FILES).includes(url.pathname + url.search)) {
    event.respondWith(caches.match(event.request, { ignoreVary: true }).then((kept) => kept || fetch(event.request)));
  } else if (event.request.mode === "navigate") event.respondWith(open(event, url));
});

self.addEventListener("message", (event) => {
  event.waitUntil(Promise.all([keepAway(event.data.language), fill(event.data.account)]));
});

self.addEventListener("sync", (event) => {
  event.waitUntil(self.outbox.leave().then((waits) => {
    if (waits) throw new Error("to be tried again");
  }));
});
