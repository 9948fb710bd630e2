// Small comforts on pages that work without any of them, and what a page does without network (outbox.js keeps, sw.js opens).
"use strict";

(() => {
  const data = document.body.dataset;
  const isCopy = "kept" in document.documentElement.dataset;
  const all = (selector, root = document) => [
    ...(root.matches?.(selector) ? [root] : []),
    ...root.querySelectorAll(selector),
  ];

  // ---------- said aloud ----------

  const announce = (words) => {
    const place = document.getElementById("announce");
    if (!place || !words) return;
    place.textContent = "";
    setTimeout(() => { place.textContent = words; }, 50);   // a change is read, a replacement often is not
  };

  // ---------- buttons that need the browser's help ----------

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      announce(button.dataset.done);
      const words = button.lastChild;
      const before = words.textContent;
      words.textContent = button.dataset.done;
      setTimeout(() => { words.textContent = before; }, 3000);
    } catch {
      button.hidden = true;   // refused by the browser: the address stands beside it in letters
    }
  };

  const share = (button) =>
    navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {});

  const reveal = (root) => {
    const can = { "[data-copy]": navigator.clipboard, "[data-share]": navigator.share, "[data-print]": window.print };
    for (const [selector, able] of Object.entries(can)) {
      if (able) for (const button of all(selector, root)) button.hidden = false;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-share], [data-print]");
    if (!button) return;
    if ("copy" in button.dataset) copy(button);
    else if ("share" in button.dataset) share(button);
    else window.print();
  });

  // ---------- one tap, one sending ----------

  const sent = new Set();

  const hold = (form) => {
    sent.add(form);
    for (const button of all("button[type=submit]", form)) button.setAttribute("aria-disabled", "true");
  };

  const release = (form) => {
    sent.delete(form);
    for (const button of all("button[type=submit]", form)) button.removeAttribute("aria-disabled");
  };

  // Caught on the way down: htmx, which listens on the form itself, would queue a second sending.
  document.addEventListener("submit", (event) => {
    if (!sent.has(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;   // htmx has its own events, below
    hold(form);
    if ("download" in form.dataset) setTimeout(() => release(form), 4000);   // the page stays: no answer will replace it
  });

  // The Back button may bring the page out of the browser's memory, buttons still held; and, where others use this
  // device, words of somebody who has left.
  window.addEventListener("pageshow", (event) => {
    sent.forEach(release);
    if (event.persisted && "shared" in data) location.reload();
  });

  const plainly = (action, fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of fields) {
      const field = document.createElement("input");
      field.name = name;
      if (value instanceof File) {
        const files = new DataTransfer();
        if (value.name) files.items.add(value);
        field.type = "file";
        field.files = files.files;
        form.enctype = "multipart/form-data";
        field.hidden = true;
      } else {
        field.type = "hidden";   // keeps line breaks
        field.value = value;
      }
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  // ---------- sending a file ----------

  document.addEventListener("htmx:xhr:progress", (event) => {
    const place = event.target.querySelector?.("[data-sending]");
    const bar = place?.querySelector("progress");
    const { lengthComputable, loaded, total } = event.detail;
    if (!bar || !lengthComputable || total < bar.max) return;   // the answer comes in by the same event, and is small
    if (place.hidden) announce(bar.getAttribute("aria-label"));
    place.hidden = false;
    bar.max = total;
    bar.value = loaded;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    for (const place of all("[data-sending]", event.detail.elt)) {
      place.hidden = true;
      place.querySelector("progress").max = 1;
    }
  });

  // ---------- after htmx ----------

  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const lost = () => document.activeElement === document.body;
  let row = null;   // the first of some new ones, for when they hold nothing to use

  const focus = (element) => {
    if (!element) return;
    if (element.tabIndex < 0) element.setAttribute("tabindex", "-1");
    element.focus();
  };

  const trouble = (hidden, place = document.getElementById("trouble")) => {
    if (place) place.hidden = hidden;
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    const form = elt.closest("form");
    if (elt === form) hold(form);
    else if (sent.has(form) || form?.hidden) event.preventDefault();   // no draft of what leaves
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, requestConfig, successful, xhr } = event.detail;
    release(elt);
    if (requestConfig.verb === "get" && !elt.href) return;   // suggestions while one types
    if (elt.matches("form[data-outbox]") && !successful && (!xhr?.status || xhr.status >= 500)) stay(elt, entryOf(elt));
    else trouble(successful || xhr?.status === 422);
  });

  // The session ended while one wrote: the same form goes once more, as a page that leads to signing in and back.
  document.addEventListener("session-ended", (event) => {
    const source = event.target;
    const written = new FormData(source.closest("form") ?? undefined);
    for (const [name, value] of Object.entries(JSON.parse(source.getAttribute("data-hx-vals") || "{}"))) written.set(name, value);
    written.set("back", location.pathname);
    plainly(source.getAttribute("data-hx-post"), [...written].filter(([, value]) => typeof value === "string"));
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const fresh = event.target;
    reveal(fresh);
    for (const element of all("[data-announce]", fresh)) announce(element.dataset.announce);
    const wanted = all("[data-focus]", fresh)[0];
    if (wanted) focus(wanted);
    if (fresh.id !== "more") for (const element of all(usable, fresh)) if (lost()) element.focus();
    if (!lost()) return;
    row ??= fresh;
    setTimeout(() => { if (lost()) focus(row); row = null; });
  });

  // ---------- what cannot leave ----------

  const box = self.outbox && navigator.locks && AbortSignal.timeout ? self.outbox : null;

  const entryOf = (form, button) => {
    const fields = [...new FormData(form)];
    if (button?.name) fields.push([button.name, button.value]);
    const file = fields.find(([, value]) => value.name)?.[1];
    const first = all("textarea, input:not([type]), input[type=text]", form).find((field) => field.value);
    return {
      key: crypto.randomUUID(), number: form.elements.submission?.value, account: data.account, url: form.action, fields,
      withdraws: "withdraws" in form.dataset, over: form.dataset.outbox, words: first?.value || file?.name || "", made: Date.now(),
    };
  };

  // In the place of a form: what it held stays on this phone, where it is called one's own; else in the form.
  const stay = async (form, entry) => {
    release(form);
    const kept = document.getElementById("kept");
    try {
      if (!kept || !box) throw new Error("nothing is kept here");
      await box.keep(entry);
      navigator.storage?.persist?.();
    } catch {
      trouble(false);
      return;
    }
    form.after(kept.content.cloneNode(true));
    form.hidden = true;
    trouble(true);
    focus(form.nextElementSibling);
    show();
    navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("outbox")).catch(() => {});
  };

  // It has arrived; and so has, put right, what was refused before under the same number.
  const settle = async (entry) => {
    for (const old of await box.every()) {
      if (old.key === entry.key || (old.refused && old.number && old.number === entry.number)) await box.settle(old);
    }
  };

  const asPage = ({ url, fields }, token) =>
    plainly(url, fields.map(([name, value]) => [name, name === "csrf_token" && token ? token : value]));

  // Say whether it is done with: arrived, or refused in words that the page then shows.
  const deliver = async (entry, token) => {
    const { state, onward } = await box.send(entry, token);
    if (state === "waits") return false;
    if (state === "sent") {
      if ("own" in data) await settle(entry).catch(() => {});
      if (onward) location.assign(onward);
      else location.reload();
    } else asPage(entry, token);
    return true;
  };

  // The same under a fresh token, and only as whoever wrote it.
  const deliverAnew = async (entry) => {
    const { account, token } = await box.ticket().catch(() => ({}));
    return account === entry.account && deliver(entry, token);
  };

  // A button that asks and sends nothing: its answer is a page.
  const ask = async (form, entry) => {
    try {
      const { account, token } = await box.ticket();
      asPage(entry, account === data.account && token);
    } catch {
      release(form);
      trouble(false, form.querySelector("[data-away]") ?? undefined);
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!box || event.defaultPrevented || !form.matches("[data-outbox]:not([data-hx-post])")) return;
    if (!("own" in data) && navigator.onLine) return;   // where nothing may be kept, only what would be lost is held back
    event.preventDefault();
    const entry = entryOf(form, button);
    if (button?.name && !("sends" in button.dataset)) return ask(form, entry);
    const ready = isCopy ? deliverAnew(entry) : deliver(entry);   // a copy's own token may be of a session that is over
    if (!(await ready)) stay(form, entry);
  });

  // A line that is up and carries nothing: no answer, and no byte more of a file.
  let patience = 0;
  const wait = (form) => {
    clearTimeout(patience);
    if (form.matches("form[data-outbox]")) {
      patience = setTimeout(() => htmx.trigger(form, "htmx:abort"), form.enctype.startsWith("multipart") ? 20000 : 8000);
    }
  };
  for (const moment of ["htmx:beforeRequest", "htmx:xhr:progress"]) document.addEventListener(moment, (event) => wait(event.target));
  document.addEventListener("htmx:afterRequest", () => clearTimeout(patience));

  // A photo leaves as large as it is ever shown, and waits as small.
  document.addEventListener("change", async ({ target }) => {
    const [file] = target.files || [];
    if (!file?.type.startsWith("image/")) return;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
      if (scale === 1 && file.size < 1_500_000) return;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";   // what one sees through has no colour in a JPEG
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const small = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
      if (target.files[0] !== file || small.size >= file.size) return;
      const files = new DataTransfer();
      files.items.add(new File([small], file.name.replace(/\.\w+$/, ".jpg"), { type: small.type }));
      target.files = files.files;
    } catch { /* not a picture after all: the server says so */ }
  });

  // ---------- what waits ----------

  const mine = async () => (await box.every()).filter((entry) => entry.account === data.account);

  const line = (entry) => {
    const row = document.getElementById("entry").content.cloneNode(true).firstElementChild;
    const part = (name) => row.querySelector(`[data-${name}]`);
    const stands = { old: "old", refused: "refused" }[entry.refused] || "waits";
    for (const state of all("[data-when]", row)) state.hidden = state.dataset.when !== stands;
    part("over").textContent = entry.words ? entry.over : "";
    part("words").textContent = entry.words || entry.over;
    part("again").hidden = stands === "waits";
    part("copy").dataset.copy = entry.words;
    part("day").textContent = new Date(entry.made).toLocaleString(document.documentElement.lang,
      { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    part("resend").addEventListener("click", async () => trouble(await deliverAnew(entry)));
    part("discard").addEventListener("click", async () => {
      await box.settle(entry);
      await show();
      focus(document.querySelector("h1"));
    });
    return row;
  };

  const show = async () => {
    const list = document.getElementById("entries");
    const found = data.account ? await mine() : await box.every();
    for (const count of all("[data-count]")) count.textContent = found.length;
    if (!list) {
      const note = document.getElementById("waiting");
      if (note) note.hidden = !found.length;
      for (const row of all("#life > .waits")) row.remove();
      for (const entry of found.filter((each) => new URL(each.url).pathname.startsWith("/ajouter"))) {
        const row = document.getElementById("waits")?.content.cloneNode(true);
        if (!row) return;
        row.querySelector("h3 a").textContent = entry.words;
        document.getElementById("life").prepend(row);
      }
      return;
    }
    // In the place of a page, without network, they are those of whose copies lie here; else only counted.
    const account = data.account || (isCopy && (await caches.keys()).find((name) => name.startsWith("pages "))?.slice(6));
    const own = found.filter((entry) => entry.account === account);
    list.replaceChildren(...own.map(line));
    reveal(list);
    list.hidden = !own.length;
    document.getElementById("none").hidden = found.length > 0;
    document.getElementById("closed").hidden = own.length > 0 || !found.length;
    document.getElementById("away").hidden = location.pathname === "/envois";
    document.getElementById("retry").hidden = location.pathname === "/envois" && !own.some((entry) => !entry.refused);
  };

  const leave = async () => {
    if (!(await mine()).some((entry) => !entry.refused)) return;
    await box.leave().catch(() => {});
    await show();
  };

  document.getElementById("retry")?.addEventListener("click", () => location.reload());

  // ---------- leaving ----------

  let sure = false;

  document.getElementById("erase")?.addEventListener("click", () => {
    sure = true;
    document.querySelector("[action='/fermer']").requestSubmit();
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!box || event.defaultPrevented || !form.matches("[action='/fermer']")) return;
    event.preventDefault();
    try {
      for (const name of await caches.keys()) if (name.startsWith("pages ")) await caches.delete(name);
      await box.ticket();   // nothing written is erased before it is certain that the session can be ended
      const entries = await box.every();
      const own = entries.filter((entry) => entry.account === data.account);
      if (own.length && !sure) {
        const warning = document.getElementById("unsent");
        warning.hidden = false;
        release(form);
        focus(warning);
        return;
      }
      for (const entry of own) await box.settle(entry);
      plainly(form.action, [...new FormData(form), ["others", entries.length > own.length ? "y" : ""]]);
    } catch {
      release(form);
      trouble(false, form.querySelector("[data-away]") ?? undefined);
    }
  });

  if (box && "own" in data) {
    show();
    leave();
    window.addEventListener("online", leave);
    setInterval(leave, 30000);   // a line that comes back without a word
    if (isCopy) {
      document.getElementById("version").hidden = false;
      for (const field of all("[name=submission]")) field.value = crypto.randomUUID();   // the copy opens more than once
    }
    window.addEventListener("load", async () => {
      const workers = navigator.serviceWorker;
      if (!workers) return;
      workers.addEventListener("message", show);
      await workers.register("/sw.js");
      (await workers.ready).active.postMessage({ account: data.account, language: document.documentElement.lang });
    });
  } else if (box && document.getElementById("entries")) show();

  if ("account" in data && !("own" in data)) {
    navigator.serviceWorker?.getRegistrations().then((workers) => workers.forEach((worker) => worker.unregister()));
    self.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));
  }

  // Ten minutes untouched where others use this device: the session has ended, and its page goes too.
  if ("shared" in data) {
    let untouched = 0;
    const touch = () => {
      clearTimeout(untouched);
      untouched = setTimeout(() => location.replace("/passeport"), 10.5 * 60000);
    };
    for (const moment of ["keydown", "pointerdown", "scroll"]) document.addEventListener(moment, touch);
    touch();
  }

  // ---------- a page just opened ----------

  reveal(document);
  focus(all("[data-focus]")[0]);
})();
