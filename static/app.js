// Small comforts on pages that work without any of them. No state is kept here, and nothing is ever sent by itself.
"use strict";

(() => {
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

  // The Back button may bring the page out of the browser's memory, buttons still held.
  window.addEventListener("pageshow", () => sent.forEach(release));

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

  const trouble = (hidden) => {
    const place = document.getElementById("trouble");
    if (place) place.hidden = hidden;
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.tagName === "FORM") hold(event.detail.elt);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    release(event.detail.elt);
    trouble(event.detail.successful || event.detail.xhr?.status === 422);
  });

  // The session ended while one wrote: the same form goes once more, as a page that leads to signing in and back.
  document.addEventListener("session-ended", (event) => {
    const source = event.target;
    const data = new FormData(source.closest("form") ?? undefined);
    for (const [name, value] of Object.entries(JSON.parse(source.getAttribute("hx-vals") || "{}"))) data.set(name, value);
    data.set("back", location.pathname);
    const form = document.createElement("form");
    form.method = "post";
    form.action = source.getAttribute("hx-post");
    for (const [name, value] of data) {
      if (typeof value !== "string") continue;
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
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

  // ---------- a page just opened ----------

  reveal(document);
  focus(all("[data-focus]")[0]);
})();
