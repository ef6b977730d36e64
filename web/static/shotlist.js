// What HTML and htmx cannot do alone. Without this file the page still works: files then go with the form.
"use strict";
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (name, act, capture = false) => document.addEventListener(name, act, capture);
  const tell = (words) => {
    find("#alert").textContent = words;
    find("#alert").hidden = !words;
  };

  const nameKeys = () => {
    if (/Mac|iP(hone|ad)/.test(navigator.platform)) all(".links kbd:first-child").forEach((key) => { key.textContent = "⌘"; });
  };
  nameKeys();

  // Keys: Ctrl or Cmd with Enter orders from a field of the form, Enter in the search chooses the first model that it
  // finds, Escape closes what is open. A key that an input method still needs is none of ours.
  on("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") enter(event);
    if (event.key === "Escape") {
      tell("");
      const open = find("#picker[open], .sure[open]");
      if (open) { open.open = false; find("summary", open).focus(); }
    }
  });
  const FIELD = "#fields :is(input, select, textarea), #run";
  const enter = (event) => {
    const search = event.target.id === "search", orders = event.ctrlKey || event.metaKey;
    if (search) event.preventDefault(); // else the form would be posted by its first button
    if (event.repeat || event.altKey || event.shiftKey) return;
    if (search && !orders) chooseFirst(event.target);
    if (orders && event.target.matches(FIELD)) {
      event.preventDefault();
      find("#run").click();
    }
  };
  // Enter may come before the answer to what was typed last: then the choice waits for it.
  let choosing = false;
  const answered = (search) => find("#found [data-q]")?.dataset.q === search.value;
  const chooseFirst = (search) => {
    choosing = !answered(search);
    if (choosing) search.dispatchEvent(new Event("ask"));
    else find("#found [name=choose]:enabled")?.click();
  };
  on("input", () => { choosing = false; });
  on("toggle", () => { choosing = false; }, true);
  on("click", (event) => {
    all("#picker[open], .sure[open]").forEach((box) => { if (!box.contains(event.target)) box.open = false; });
    if (event.target.closest("#alert")) tell("");
    const wrong = event.target.closest("#wrong a");
    if (wrong) { event.preventDefault(); goTo(wrong); }
    const copy = event.target.closest("[data-copy]");
    if (copy) copyText(copy, find(copy.dataset.copy));
  });
  const copyText = async (button, from) => {
    try {
      await navigator.clipboard.writeText(from.textContent);
      button.textContent = "Copied";
    } catch { getSelection().selectAllChildren(from); }
  };

  // The length of a prompt while it is typed.
  const count = (limit) => {
    const length = [...(document.getElementById(limit.dataset.counts)?.value ?? "")].length;
    limit.textContent = `${length} / ${limit.dataset.max}`;
    limit.classList.toggle("over", length > Number(limit.dataset.max));
  };
  on("input", (event) => all(`[data-counts="${CSS.escape(event.target.id)}"]`).forEach(count));

  // Elapsed time, by the server's clock, between two polls.
  const ahead = Date.now() / 1000 - Number(document.body.dataset.now);
  const two = (value) => String(value).padStart(2, "0");
  const clock = (passed) => {
    const hours = Math.floor(passed / 3600), minutes = Math.floor(passed / 60) % 60;
    return (hours ? `${hours}:${two(minutes)}` : minutes) + `:${two(Math.floor(passed) % 60)}`;
  };
  const since = (from) => Math.max(0, Date.now() / 1000 - ahead - Number(from));
  setInterval(() => {
    all("[data-since]").forEach((each) => { each.textContent = clock(since(each.dataset.since)); });
    all("[data-usual]").forEach((bar) => { bar.value = Math.min(95, 100 * since(bar.dataset.from) / bar.dataset.usual); });
  }, 1000);

  // Files: uploaded when chosen, dropped or pasted; then the form is checked with what is known of them.
  let uploading = 0;
  on("input", (event) => { if (event.target.dataset?.upload) event.stopPropagation(); }, true);
  on("change", (event) => {
    const input = event.target, files = [...(input.files ?? [])];
    if (!input.dataset?.upload || !files.length) return;
    event.stopPropagation();
    input.value = "";
    files.forEach((file) => upload(input.dataset.upload, file));
  }, true);
  const fieldId = (name) => CSS.escape(`f-${name.replaceAll(".", "-")}-field`);
  const fieldOf = (name) => find(`#${fieldId(name)}`); // none if another model was chosen meanwhile
  const upload = (name, file) => {
    const request = new XMLHttpRequest(), body = new FormData();
    body.append("file", file);
    request.open("POST", "/video/uploads");
    request.setRequestHeader("x-csrftoken", find("#form [name=_csrf_token]").value);
    request.upload.onprogress = (event) => showProgress(name, event.loaded / (event.total || 1));
    request.onloadend = () => {
      uploading -= 1;
      showProgress(name, null);
      const answer = read(request.responseText);
      if (request.status < 300 && answer.id) take(name, answer.id);
      else complain(name, answer.error?.message ?? `${file.name} did not arrive: choose it again.`);
    };
    uploading += 1;
    request.send(body);
  };
  const read = (text) => { try { return JSON.parse(text); } catch { return {}; } };
  const showProgress = (name, part) => all(`#${fieldId(name)} progress`).forEach((bar) => {
    bar.hidden = part === null;
    if (part !== null) bar.value = 100 * part;
  });
  const take = (name, id) => {
    if (ordering()) return void later.set(id, () => take(name, id));
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name, value: id });
    (fieldOf(name) ?? find("#fields")).append(kept); // a model that went away meanwhile may come back
    kept.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const complain = (name, words) => {
    const field = fieldOf(name);
    if (!field) return;
    const line = find(":scope > .error", field) ?? field.appendChild(document.createElement("p"));
    line.className = "error";
    line.id = field.id.replace(/field$/, "error");
    line.setAttribute("role", "alert");
    line.textContent = words;
    const input = find("[data-upload]", field);
    input.ariaInvalid = "true";
    input.setAttribute("aria-describedby", line.id);
  };
  ["dragover", "dragleave", "drop"].forEach((name) => on(name, (event) => {
    event.target.closest?.(".drop")?.classList.toggle("over", name === "dragover");
    if (name !== "dragleave") hand(event, event.dataTransfer, name === "drop");
  }));
  on("paste", (event) => { if (!event.clipboardData.types.includes("text/plain")) hand(event, event.clipboardData, true); });
  // Files that were not put on a field's own control go to the nearest empty field that takes them.
  const hand = (event, data, now) => {
    if (!find("#form") || !data?.types.includes("Files") || event.target.matches?.("[type=file]")) return;
    event.preventDefault();
    if (!now) return;
    const places = all("[data-upload]", event.target.closest?.(".drop") ?? find("#form"));
    places.sort((a, b) => Boolean(b.closest(".drop")) - Boolean(a.closest(".drop")));
    for (const file of data.files) {
      const at = places.findIndex((input) => takes(input.accept, file));
      if (at < 0) tell(`No field of this form takes ${file.name}.`);
      else upload((places[at].multiple ? places[at] : places.splice(at, 1)[0]).dataset.upload, file);
    }
  };
  const takes = (accept, { name, type }) => !accept || accept.split(",").some((kind) =>
    kind === type || (kind.endsWith("/*") && type.startsWith(kind.slice(0, -1))) || name.toLowerCase().endsWith(kind));

  // What a person does while an order is on its way is done once more on the form that the answer draws.
  const ordering = () => find("#form.htmx-request");
  const later = new Map();
  on("input", ({ target }) => {
    if (!ordering() || !target.closest("#fields")) return;
    const { value, checked } = target;
    later.set(target, () => Object.assign(target, { value, checked }));
  });
  on("htmx:finally:request", () => setTimeout(() => {
    if (ordering() || !later.size) return;
    const acts = [...later.values()];
    later.clear();
    acts.forEach((act) => act());
    find("#fields").dispatchEvent(new Event("change"));
  }));

  // htmx: what must not be sent now, and what a swap cannot know.
  on("htmx:config:request", (event) => {
    const source = event.detail.ctx.sourceElement, form = find("#form");
    if (form && source === form && uploading) {
      event.preventDefault();
      tell("A file is still on its way: press Generate when it is there. Nothing was ordered.");
    } else if (source !== form && ordering()?.contains(source)) {
      event.preventDefault(); // the order's answer draws the form anew
    } else if (event.detail.ctx.request.method !== "GET") tell("");
  });
  // A swap can take away what had the focus: the nearest place that is left gets it.
  let around = [];
  on("htmx:before:swap", () => {
    around = [];
    for (let each = document.activeElement; each; each = each.parentElement) {
      around.push(each.id, each.nextElementSibling?.id, each.previousElementSibling?.id);
    }
  });
  const CONTROL = "a, button, summary, select, textarea, input:not([type=hidden])";
  const keepFocus = () => {
    if (document.activeElement !== document.body) return;
    const places = around.map((id) => id && document.getElementById(id)).filter(Boolean);
    const control = places.map((place) => (place.matches(CONTROL) ? place : find(CONTROL, place))).find(Boolean);
    control?.focus({ preventScroll: true });
  };
  on("htmx:after:swap", (event) => {
    const { sourceElement: source, text } = event.detail.ctx, form = find("#form");
    const asked = source.closest(".sure[open]");
    if (asked) asked.open = false;
    keepFocus();
    if (!form?.contains(source)) return;
    markModel();
    if (source.id === "models") find("#search").focus();
    if (choosing && source.id === "search" && answered(source)) chooseFirst(source);
    if (source.matches("#models, #search")) return;
    followServer(form);
    refill(form, source === form);
    if (source.matches("#found button")) {
      find("#picker").open = false;
      find("#picker summary").focus();
    }
    if (source === form) afterOrder(form, text);
  });
  const markModel = () => {
    const model = find("#form [name=model]").value;
    all("#found button").forEach((each) => { each.ariaCurrent = each.value === model ? "true" : null; });
  };
  on("toggle", (event) => { if (event.target.matches("#picker[open]")) find("#search")?.select(); }, true);
  // A morph copies attributes; what a person has clicked since is a property, and the server moved it.
  const followServer = (form) => {
    all("[type=radio], [type=checkbox]", form).forEach((box) => { box.checked = box.defaultChecked; });
    all("#fields option", form).forEach((option) => { option.selected = option.defaultSelected; });
    all("details:has(.error, .note)", form).forEach((box) => { box.open = true; });
    history.replaceState(history.state, "", addressOf(form));
    all("[data-counts]", form).forEach(count);
    nameKeys();
  };
  // What cannot be empty the server filled in again: that is shown, unless a person is just typing there.
  const FILLED = ":is(.is-integer, .is-number, .is-seed, .is-select) input, .is-json textarea";
  const refill = (form, ordered) => all(FILLED, form).forEach((box) => {
    if (!box.value && (ordered || box !== document.activeElement)) box.value = box.defaultValue;
  });
  // The address is the filled form, so that it is still filled after a reload or a way back.
  const addressOf = (form) => {
    const { href } = find(".links a", form);
    return href.length < 8000 ? href : `/video?model=${find("[name=model]", form).value}`;
  };
  const afterOrder = (form, text) => {
    const wrong = find("#wrong a", form);
    if (wrong) goTo(wrong);
    else if (text.includes('hx-target="#cards"') && matchMedia("(max-width: 47.5em)").matches) {
      find("#now-head").scrollIntoView();
    }
  };
  // To a field that needs a change: whatever is closed around it opens, its sentence comes into view, it gets the focus.
  const goTo = (link) => {
    const control = document.getElementById(link.getAttribute("href").slice(1));
    measureBar();
    for (let box = control.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const field = control.closest(".field:has(> .error)");
    [field, find(":scope > .error", field)].forEach((each) => each.scrollIntoView({ block: "nearest" }));
    control.focus({ focusVisible: true });
  };
  // On a phone the bar with the run button lies over the page: nothing that gets the focus may be under it.
  const measureBar = () => {
    document.documentElement.style.setProperty("--bar", `${find("#runbar")?.offsetHeight ?? 0}px`);
  };
  if (find("#runbar")) new ResizeObserver(measureBar).observe(find("#runbar"));

  // A poll that fails passes in silence, the third in a row is told until one succeeds; all other failures are told.
  let missed = 0;
  const miss = (source) => {
    if (source.id === "search" && choosing) {
      choosing = false;
      tell("Shotlist does not answer, so no model was chosen: press Enter again in a moment.");
    }
    if (source.id !== "poll") return;
    missed += 1;
    if (missed === 3) tell("Shotlist does not answer. Jobs that were ordered are not lost: this page goes on when it does.");
  };
  on("htmx:after:swap", (event) => {
    if (event.detail.ctx.sourceElement.id !== "poll") return;
    if (missed) tell("");
    missed = 0;
  });
  on("htmx:response:error", (event) => {
    const { request, sourceElement, text } = event.detail.ctx;
    const known = read(text).error?.message;
    if (request.method !== "GET") tell(known ?? "Shotlist could not do that. Its log says why.");
    else miss(sourceElement);
  });
  on("htmx:error", (event) => {
    if (event.detail.ctx?.request.method === "GET") miss(event.detail.ctx.sourceElement);
    else if (event.detail.ctx) {
      tell("Shotlist does not answer. If this was an order: pressing Generate again does not order it twice.");
    }
  });
})();
