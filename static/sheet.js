// What a printed sheet says, checked on this phone: the code after # never leaves it. The worker of these pages
// (sheet-worker.js) keeps one of them with the keys, so that a phone that was here once needs no network.
"use strict";

(() => {
  const LONG = 30;   // days after which what is known of the state is no longer taken for the state
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = Object.fromEntries(all("[data-word]", document.getElementById("words").content).map((place) =>
    [place.dataset.word, place.textContent]));
  const put = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const language = document.documentElement.lang === "en" ? "en-GB" : "fr";   // days as the pages write them
  const day = (number) => new Date(number * 864e5).toLocaleDateString(language, { dateStyle: "long", timeZone: "UTC" });
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytesOf = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

  // ---------- the code ----------

  const undecimal = (digits) => {
    if (!/^[1-9]\d{1,2999}$/.test(digits)) throw new Error("no number");
    const written = BigInt(digits).toString(16);
    const bytes = bytesOf(written.length % 2 ? `0${written}` : written);
    if (bytes[0] !== 1) throw new Error("no leading 1");
    return bytes.subarray(1);
  };

  // As much of CBOR as a sheet is written in; whatever else comes is not ours.
  const decoded = (bytes) => {
    let at = 0;
    const take = (count) => {
      if (at + count > bytes.length) throw new Error("it ends too early");
      return bytes.subarray(at, at += count);
    };
    const read = () => {
      const [head] = take(1);
      const low = head & 31;
      if (low > 26) throw new Error("no length");
      const value = low < 24 ? low : take(1 << (low - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
      if (head >> 5 > 1 && value > bytes.length) throw new Error("it ends too early");
      switch (head >> 5) {
        case 0: return value;
        case 1: return -1 - value;
        case 2: return take(value);
        case 3: return new TextDecoder("utf-8", { fatal: true }).decode(take(value));
        case 4: return Array.from({ length: value }, read);
        case 5: return Object.fromEntries(Array.from({ length: value }, () => [read(), read()]));
        default: throw new Error("no such kind");
      }
    };
    const found = read();
    if (at !== bytes.length) throw new Error("more than one");
    return found;
  };

  const string = (bytes) => {
    const { length } = bytes;
    return [...(length < 24 ? [64 + length] : length < 256 ? [88, length] : [89, length >> 8, length & 255]), ...bytes];
  };

  const opened = (digits) => {
    const [head, rest, payload, signature] = decoded(undecimal(digits));
    const said = decoded(head);
    if (said[1] !== -8 || Object.keys(rest).length || signature.length !== 64) throw new Error("signed otherwise");
    const signed = Uint8Array.from([132, 106, ...new TextEncoder().encode("Signature1"), ...string(head), 64, ...string(payload)]);
    return { kid: hex(said[4]), payload, signature, signed };
  };

  // ---------- what is to be said of it ----------

  const judged = async (digits) => {
    let code;
    try {
      code = opened(digits);
    } catch {
      return ["changed"];
    }
    let known;
    try {
      known = await (await fetch("/v/cles.json", { credentials: "omit" })).json();
    } catch {
      return ["keyless"];
    }
    const subtle = crypto.subtle;
    const keys = known.keys.filter((each) => each.kid === code.kid);
    if (!keys.length) return ["unknown"];
    let key = null;
    for (const each of keys) {
      let ready;
      try {
        ready = await subtle.importKey("raw", bytesOf(each.key), "Ed25519", false, ["verify"]);
      } catch {
        return ["unable"];
      }
      if (await subtle.verify("Ed25519", ready, code.signature, code.signed)) key = each;
    }
    if (!key) return ["changed"];
    const content = decoded(code.payload);
    const token = location.pathname.split("/")[2];
    const digest = new Uint8Array(await subtle.digest("SHA-256", new TextEncoder().encode(token)));
    if (content[0] !== 1 || hex(digest.subarray(0, 8)) !== hex(content[1])) return ["changed"];
    const facts = { issued: day(content[3]), expires: day(content[4]), at: day(known.day) };
    if (!key.counts || content[3] < key.from || content[3] > (key.until ?? Infinity)) return ["stopped", facts];
    const today = Date.parse(new Date().toLocaleDateString("sv", { timeZone: "Europe/Paris" })) / 864e5;   // the city's day
    if (today > content[4]) return ["expired", facts];
    const old = known.day < content[3] || today - known.day > LONG;   // it says nothing of this sheet, or of long ago
    const lines = content[6].map(([number, version, step, organisation, on], n) => ({
      sentence: words[`${number} ${version}`] ?? put(words.other, { number, version }),
      step: words[`step-${step}`],
      who: put(words.who, { organisation: content[7][organisation], day: day(on) }),
      state: known.taken_back[content[2][n][0]]?.includes(content[2][n][1]) ? words.off : old ? words.unsure : put(words.on, facts),
    }));
    const verdict = lines.some((line) => line.state === words.off) ? "partly" : old ? "old" : "genuine";
    return [verdict, facts, lines, content[5] ?? null];
  };

  const show = ([name, facts = {}, lines = [], whose]) => {
    const place = document.getElementById("outcome");
    const verdict = document.querySelector(`[data-outcome=${name}]`).content.cloneNode(true);
    for (const line of all("h2, p", verdict)) line.textContent = put(line.textContent, facts);
    const list = document.createElement("ul");
    list.className = "list";
    for (const line of lines) {
      const item = document.getElementById("line").content.cloneNode(true);
      for (const part of all("[data-part]", item)) part.textContent = line[part.dataset.part];
      list.append(item);
    }
    const named = document.createElement("p");
    named.textContent = whose ? put(words.named, { name: whose }) : words.nameless;
    const told = document.createElement(name === "genuine" && document.getElementById("live") ? "details" : "div");
    if (told.localName === "details") {   // the same as the city's own answer above
      const summary = document.createElement("summary");
      summary.textContent = words.told;
      told.append(summary);
    }
    told.append(list);
    place.lastElementChild.replaceChildren(verdict, ...(lines.length ? [named, told] : []));
    place.hidden = false;
    place.dataset.said = name;
  };

  const check = async () => {
    const digits = location.hash.slice(1);
    for (const other of all("a[hreflang]")) other.hash = digits;   // the other language checks the same code
    if (digits && digits !== "main") show(await judged(digits));
  };

  navigator.serviceWorker?.register("/v/sw.js").catch(() => {});
  window.addEventListener("hashchange", check);
  check();
})();
