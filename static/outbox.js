// What is written without network waits in this phone's IndexedDB and leaves once: the server keeps a number once.
// For the pages and the worker.
"use strict";

self.outbox = (() => {
  const WEEK = 7 * 24 * 3600 * 1000;   // less than the server keeps what was deleted: nothing comes back by itself

  const pages = new BroadcastChannel("outbox");

  const store = (mode, act) => new Promise((done, failed) => {
    const opening = indexedDB.open("outbox", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("entries", { keyPath: "key" });
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("entries", mode);
      const asked = act(transaction.objectStore("entries"));
      const end = () => opening.result.close();
      transaction.oncomplete = () => { end(); done(asked.result); };
      transaction.onabort = () => { end(); failed(transaction.error); };
    };
  });

  const every = async () => (await store("readonly", (entries) => entries.getAll())).sort((one, other) => one.made - other.made);
  const keep = (entry) => store("readwrite", (entries) => entries.put(entry));

  // It has arrived or is erased; refused or too old, it stays to be looked at. Every open page hears of it.
  const settle = async (entry, state, place) => {
    await store("readwrite", (entries) => {
      if (!/refused|old/.test(state)) return entries.delete(entry.key);
      const found = entries.get(entry.key);
      found.onsuccess = () => found.result && entries.put({ ...entry, refused: state });   // unless erased meanwhile
      return found;
    });
    pages.postMessage({ ...entry, fields: null, state, place });
  };

  // Let go of the copies of one kind, but those of this name.
  const forget = async (kind, but) => {
    for (const name of await caches.keys()) if (name.startsWith(kind) && name !== but) await caches.delete(name);
  };

  const ticket = async () => (await fetch("/envois/cle", { signal: AbortSignal.timeout(8000) })).json();

  // After the way back, the same words may be the same sending.
  const back = self.performance.getEntriesByType("navigation")[0]?.type === "back_forward";

  // What became of one sending: sent, refused, ended (sign in first), or waits (no network, or no answer of ours).
  const send = async (entry, token) => {
    const body = new FormData();
    let seconds = token ? 20 : 8;
    for (const [name, value] of entry.fields) {
      body.append(name, value);
      if (value instanceof File) seconds = 300;
    }
    const headers = { "HX-Request": "true" };
    if (token) {
      body.set("csrf_token", token);
      body.set("written_at", new Date(entry.made).toISOString());   // by the phone's clock, which may be wrong
    }
    if (token || !back) headers["Written-Anew"] = "true";
    try {
      const answer = await fetch(entry.url, { method: "POST", body, headers, signal: AbortSignal.timeout(seconds * 1000) });
      const onward = answer.headers.get("HX-Redirect") || "";
      if (!answer.headers.get("X-Request-ID") || answer.status >= 500 || answer.status === 429) return { state: "waits" };
      if (answer.headers.get("HX-Trigger") || onward.startsWith("/ouvrir")) return { state: "ended" };
      const place = answer.headers.get("Arrived") || onward;   // where it is seen
      const arrived = answer.status === 204 || answer.headers.get("Arrived");   // else nothing may be kept
      return { state: arrived ? "sent" : "refused", onward: onward || place, place };
    } catch {
      return { state: "waits" };
    }
  };

  // Send what waits, one sender at a time, only as whoever wrote it; what is taken back goes first. Says whether any waits.
  const leave = () => navigator.locks.request("outbox", async () => {
    const waiting = (await every()).filter((entry) => !entry.refused).sort((one, other) => other.withdraws - one.withdraws);
    if (!waiting.length) return false;
    const { account, token } = await ticket();
    let waits = false;
    for (const entry of waiting.filter((each) => each.account === account)) {
      const old = Date.now() - entry.made > WEEK && !entry.withdraws;
      const { state, place } = old ? { state: "old" } : await send(entry, token);
      if (state === "ended") return true;
      if (state === "waits") waits = true;
      else await settle(entry, state, place);
    }
    return waits;
  });

  return { every, keep, settle, forget, ticket, send, leave };
})();
