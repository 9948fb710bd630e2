// Comforts on pages that work without any of them, and what a page does without network (outbox.js keeps, sw.js opens).
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

  const reveal = (root) => {
    const can = { "[data-copy]": navigator.clipboard, "[data-share]": navigator.share, "[data-print]": window.print };
    for (const [selector, able] of Object.entries(can)) {
      if (able) for (const button of all(selector, root)) button.hidden = false;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-share], [data-print]");
    if (!button) return;
    const { title, share: url } = button.dataset;
    if ("copy" in button.dataset) copy(button);
    else if (url) navigator.share({ title, url }).catch(() => {});
    else window.print();
  });

  // ---------- one tap, one sending ----------

  const sent = new Set();

  const hold = (form, held = true) => {
    sent[held ? "add" : "delete"](form);
    for (const button of all("button[type=submit]", form)) button.ariaDisabled = held || null;
  };

  const release = (form) => hold(form, false);

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

  // Back may bring the page out of memory, buttons still held; and, on a shared device, words of somebody who has left.
  window.addEventListener("pageshow", (event) => {
    sent.forEach(release);
    if (event.persisted && "shared" in data) location.reload();
  });

  const plainly = (action, fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    form.enctype = "multipart/form-data";
    form.addEventListener("formdata", ({ formData }) => {
      for (const [name, value] of fields) formData.append(name, value);
    });
    document.body.append(form);
    form.submit();
  };

  // ---------- sending a file ----------

  document.addEventListener("htmx:xhr:progress", (event) => {
    wait(event.target);
    const place = event.target.querySelector?.("[data-sending]");
    const bar = place?.querySelector("progress");
    const { lengthComputable, loaded, total } = event.detail;
    if (!bar || !lengthComputable || total < bar.max) return;   // the answer comes in by the same event, and is small
    if (place.hidden) announce(bar.getAttribute("aria-label"));
    place.hidden = false;
    bar.max = total;
    bar.value = loaded;
  });

  // ---------- after htmx ----------

  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const lost = () => document.activeElement === document.body;
  let row = null;   // the first of some new ones, for when they hold nothing to use

  const focus = (element) => {
    if (!element) return;
    if (element.tabIndex < 0) element.tabIndex = -1;
    element.focus();
  };

  const trouble = (hidden, form) => {
    const place = form?.querySelector("[data-away]") || document.getElementById("trouble");
    if (place) place.hidden = hidden;
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    const form = elt.closest("form");
    wait(elt);
    if (elt === form) hold(form);
    else if (sent.has(form) || form?.hidden) event.preventDefault();   // no draft of what leaves
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, requestConfig, successful, xhr } = event.detail;
    clearTimeout(patience);
    release(elt);
    for (const place of all("[data-sending]", elt)) {
      place.hidden = true;
      place.querySelector("progress").max = 1;
    }
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

  const standing = (place, state) => {
    for (const each of all("[data-when]", place)) each.hidden = !each.dataset.when.includes(state);
  };

  // What stands in the place of a form, and says so when it changes.
  const noteOf = (entry) => {
    const note = document.getElementById("kept").content.cloneNode(true).firstElementChild;
    note.id = entry.key;
    note.querySelector("[data-words]").textContent = (entry.words || entry.over).replace(/^(.{60}).+/su, "$1…");
    standing(note, "waits");
    return note;
  };

  const hear = ({ data: entry }) => {
    show();
    if (entry.account !== data.account || !("own" in data)) return;
    const note = document.getElementById(entry.key) || noteOf(entry);
    standing(note, entry.state);
    if (entry.state === "sent") {
      note.querySelector("[data-words]").href = entry.place;
      if (!note.isConnected) document.getElementById("arrived").append(...note.children);
      else if (note.previousElementSibling?.hidden) note.previousElementSibling.remove();   // its form
    }
  };

  // What a form held stays on this phone, where it is called one's own; else in the form.
  const stay = async (form, entry) => {
    release(form);
    try {
      if (!("own" in data) || !box) throw new Error("nothing is kept here");
      await box.keep(entry);
      navigator.storage?.persist?.();
    } catch {
      trouble(false);
      return;
    }
    const note = noteOf(entry);
    form.after(note);
    form.hidden = true;
    trouble(true);
    focus(note);
    show();
    navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("outbox")).catch(() => {});
  };

  // It has arrived; and so has, put right, what was refused before under the same number.
  const settle = async (entry, place) => {
    for (const old of await box.every()) {
      if (old.key === entry.key || (old.refused && old.number && old.number === entry.number)) await box.settle(old, "sent", place);
    }
  };

  const asPage = ({ url, fields }, token) =>
    plainly(url, fields.map(([name, value]) => [name, name === "csrf_token" && token ? token : value]));

  // Say whether it is done with: arrived, or refused in words that the page then shows.
  const deliver = async (entry, token) => {
    const { state, onward, place } = await box.send(entry, token);
    if (state === "waits") return false;
    if (state === "sent") {
      if ("own" in data) await settle(entry, place).catch(() => {});
      location.assign(onward);
    } else asPage(entry, token);
    return true;
  };

  // The same under a fresh token, and only as whoever wrote it.
  const deliverAnew = async (entry) => {
    const { account, token } = await box.ticket().catch(() => ({}));
    return account === entry.account && deliver(entry, token);
  };

  // What waits nowhere: its answer is a page.
  const ask = async (form, entry) => {
    try {
      const { account, token } = await box.ticket();
      asPage(entry, account === data.account && token);
    } catch {
      release(form);
      trouble(false, form);
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!box || event.defaultPrevented || form.method !== "post" || form.matches("[data-hx-post], [action='/fermer']")) return;
    const waits = "outbox" in form.dataset;
    if (!(waits && "own" in data) && navigator.onLine) return;   // else only what would be lost is held back
    event.preventDefault();
    const entry = entryOf(form, button);
    if (!waits || (button?.name && !("sends" in button.dataset))) return ask(form, entry);
    const ready = isCopy ? deliverAnew(entry) : deliver(entry);   // a copy's own token may be of a session that is over
    if (!(await ready)) stay(form, entry);
  });

  // A line that is up and carries nothing: no answer, and no byte more of a file.
  let patience = 0;
  const wait = (form) => {
    clearTimeout(patience);
    if (!form.matches("form[data-outbox]")) return;
    patience = setTimeout(() => htmx.trigger(form, "htmx:abort"), form.enctype.startsWith("multipart") ? 20000 : 8000);
  };

  // A photo leaves as large as it is ever shown, and waits as small.
  document.addEventListener("change", async ({ target }) => {
    const [file] = target.files || [];
    if (!file?.type.startsWith("image/")) return;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
      if (scale === 1 && file.size < 1_500_000) return;
      const canvas = document.createElement("canvas");
      canvas.width = picture.width * scale;
      canvas.height = picture.height * scale;
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
    standing(row, entry.refused || "waits");
    part("over").textContent = entry.words && entry.over;
    part("words").textContent = entry.words || entry.over;
    part("copy").dataset.copy = entry.words;
    part("day").textContent = new Date(entry.made).toLocaleString(document.documentElement.lang,
      { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }).replace(/0?(\d+):(\d+)$/, part("day").dataset.day);
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
      document.getElementById("waiting").hidden = !found.length;
      for (const row of all("#life > .waits")) row.remove();
      for (const entry of found.filter((each) => each.url.includes("/ajouter"))) {
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
    document.getElementById("none").hidden = found.length;
    document.getElementById("closed").hidden = !found.length;
    document.getElementById("away").hidden = location.pathname === "/envois";
  };

  const leave = async () => {
    if ((await mine()).some((entry) => !entry.refused)) await box.leave().catch(() => {});
  };

  // ---------- leaving ----------

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!box || event.defaultPrevented || !form.matches("[action='/fermer']")) return;
    event.preventDefault();
    try {
      await box.forget("pages");
      await box.ticket();   // nothing written is erased before it is certain that the session can be ended
      const entries = await box.every();
      const own = entries.filter((entry) => entry.account === data.account);
      if (own.length && event.submitter?.id !== "erase") {
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
      trouble(false, form);
    }
  });

  if (box && ("own" in data || document.getElementById("entries"))) {
    show();
    new BroadcastChannel("outbox").onmessage = hear;
  }

  if (box && "own" in data) {
    leave();
    window.addEventListener("online", leave);
    setInterval(leave, 30000);   // a line that comes back without a word
    if (isCopy) for (const field of all("[name=submission]")) field.value = crypto.randomUUID();   // it opens more than once
    window.addEventListener("load", async () => {
      const workers = navigator.serviceWorker;
      if (!workers) return;
      await workers.register("/sw.js");
      (await workers.ready).active.postMessage({ account: data.account, language: document.documentElement.lang });
    });
  }

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

  reveal(document);
  focus(all("[data-focus]")[0]);
})();
