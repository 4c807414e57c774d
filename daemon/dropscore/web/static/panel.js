// Improves pages that work without it; no page needs this file.
"use strict";
(() => {
  const say = (text) => {
    const place = document.getElementById("said");
    if (place && text) place.textContent = text;
  };

  // Times: how long ago, with the exact time on demand.
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  const relative = (root) => {
    for (const time of root.querySelectorAll("time[datetime][title]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      if (Number.isNaN(seconds) || Math.abs(seconds) > 86400 * 7) continue;
      const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[3];
      time.textContent = ago.format(Math.round(seconds / size), unit);
    }
  };

  // A row that somebody is using is left alone until it is let go.
  const inUse = (row) =>
    row.contains(document.activeElement) || row.querySelector("details[open], input:checked") !== null;

  const build = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = `<table><tbody>${html}</tbody></table>`;
    return holder.content.querySelector("tr");
  };

  let held = new Map(); // rows in use: what they will become, or null where they will go
  const settle = () => {
    for (const [id, row] of held) {
      const now = document.getElementById(id);
      if (now && inUse(now)) continue;
      held.delete(id);
      if (!now) continue;
      if (row) now.replaceWith(row);
      else now.remove();
    }
  };

  const apply = (board, change) => {
    let news = "";
    for (const [view, ids] of Object.entries(change.lists)) {
      const body = board.querySelector(`tbody[data-list="${view}"]`);
      if (!body) continue;
      const keep = new Set(ids);
      for (const row of [...body.children]) {
        if (keep.has(row.id)) continue;
        if (inUse(row)) held.set(row.id, null);
        else row.remove();
      }
      let at = null;
      for (const id of ids) {
        let row = document.getElementById(id);
        const html = change.rows[id];
        if (row && inUse(row)) {
          if (html) held.set(id, build(html));
        } else if (html) {
          const fresh = build(html);
          const moved = !row || row.className !== fresh.className;
          if (moved) {
            fresh.classList.add("fresh");
            news = `${(fresh.querySelector(".name a") || fresh.querySelector(".name")).textContent.trim()}: ${fresh.querySelector(".badge-state").textContent.trim()}`;
          }
          if (row) row.replaceWith(fresh);
          row = fresh;
        }
        if (!row) continue;
        const next = at ? at.nextElementSibling : body.firstElementChild;
        if (row !== next && !inUse(row)) body.insertBefore(row, next);
        at = row;
      }
      const empty = body.closest(".table-responsive").querySelector(".empty");
      if (empty) empty.hidden = body.children.length > 0;
    }
    for (const [view, number] of Object.entries(change.counts))
      for (const place of document.querySelectorAll(`[data-count="${view}"]`))
        if (place.textContent) place.textContent = number.toLocaleString(document.documentElement.lang);
    for (const alert of document.querySelectorAll("[data-daemon]")) alert.hidden = change.daemon;
    relative(board);
    say(news);
  };

  // A list that is no longer live says so: its session may be over, or the panel away.
  const PATIENCE = 10000;
  let waiting = 0;
  const stale = (yes) => {
    clearTimeout(waiting);
    waiting = 0;
    for (const alert of document.querySelectorAll("[data-stale]")) alert.hidden = !yes;
  };

  let stream = null;
  const follow = () => {
    const board = document.querySelector("[data-live]");
    if (stream) stream.close();
    stream = null;
    held.clear();
    if (!board) return;
    stream = new EventSource(board.dataset.live);
    let first = true;
    stale(false);
    stream.onopen = () => stale(false);
    stream.onerror = (event) => {
      if (event.target.readyState === EventSource.CLOSED) stale(true);
      else if (!waiting) waiting = setTimeout(() => stale(true), PATIENCE);
    };
    stream.onmessage = (event) => {
      const change = JSON.parse(event.data);
      const quiet = first;
      first = false;
      apply(board, change);
      if (quiet) say("");
    };
  };

  // Selection.
  const picked = () => document.querySelectorAll('input[form="bulk"][name="job"]:checked').length;
  const select = () => {
    const all = document.querySelector("[data-pick-all]");
    if (!all) return;
    all.hidden = false;
    all.addEventListener("click", () => {
      const boxes = [...document.querySelectorAll('input[form="bulk"][name="job"]')];
      const on = boxes.some((box) => !box.checked);
      for (const box of boxes) box.checked = on;
      document.dispatchEvent(new Event("change"));
    });
  };
  document.addEventListener("change", () => {
    const place = document.querySelector("[data-picked]");
    if (place) place.textContent = picked() || "";
    settle();
  });
  document.addEventListener("focusout", () => setTimeout(settle, 0));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.more[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.more[open]"))
      if (!menu.contains(event.target)) menu.open = false;
    settle();
  });

  // What a page that tells of a failure says.
  const why = (request) => {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const sentence = page.querySelector("main p");
    return sentence ? sentence.textContent : request.status;
  };

  // Cells that are being mended outlive a session that ends meanwhile.
  const drafts = () => {
    const form = document.querySelector("form[data-draft]");
    const key = `draft:${location.pathname}`;
    if (location.pathname.startsWith("/uploads/"))
      for (const known of Object.keys(sessionStorage)) if (known.startsWith("draft:")) sessionStorage.removeItem(known);
    if (!form) return;
    const kept = JSON.parse(sessionStorage.getItem(key) || "{}");
    for (const [name, value] of Object.entries(kept)) if (form.elements[name]) form.elements[name].value = value;
    form.addEventListener("input", (event) => {
      kept[event.target.name] = event.target.value;
      sessionStorage.setItem(key, JSON.stringify(kept));
    });
  };

  // Uploads with progress, one request for each file.
  const send = (form, file, line) =>
    new Promise((resolve) => {
      const query = new URLSearchParams({
        route: form.elements.route.value,
        kind: form.elements.kind.value,
        name: file.name,
      });
      const request = new XMLHttpRequest();
      const bar = line.querySelector("progress");
      const state = line.querySelector("span:last-child");
      const told = form.querySelector("#progress").dataset;
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      };
      request.onload = () => {
        const fine = request.status === 202;
        bar.value = fine ? 100 : bar.value;
        if (request.status === 401) {
          const link = document.createElement("a");
          link.href = "/login?next=/upload";
          link.textContent = told.login;
          state.replaceChildren(link);
        } else state.textContent = fine ? told.done : `${told.failed}: ${why(request)}`;
        resolve(fine ? JSON.parse(request.responseText).upload : null);
      };
      request.onerror = () => {
        state.textContent = told.failed;
        resolve(null);
      };
      request.open("POST", `/upload/raw?${query}`);
      request.setRequestHeader("HX-Request", "true"); // without a session: 401, not the page to log in
      request.send(file);
    });

  const lineOf = (file) => {
    const line = document.createElement("div");
    line.className = "upload-row";
    const name = document.createElement("span");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(name, bar, document.createElement("span"));
    return line;
  };

  const upload = (form) => {
    const input = form.elements.files;
    const zone = form.querySelector("[data-drop]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const place = form.querySelector("#progress");
      place.replaceChildren();
      const button = form.querySelector("button");
      button.disabled = true;
      const ids = [];
      const files = [...input.files].map((file) => [file, lineOf(file)]);
      for (const [, line] of files) place.append(line);
      for (const [file, line] of files) {
        const id = await send(form, file, line);
        if (id) ids.push(id);
      }
      button.disabled = false;
      if (ids.length === files.length) location.assign(`/uploads/${ids.join(".")}`);
      else if (ids.length) {
        const link = document.createElement("a");
        link.href = `/uploads/${ids.join(".")}`;
        link.textContent = `→ ${ids.length} / ${files.length}`;
        place.append(link);
      }
    });
    for (const kind of ["dragenter", "dragover"])
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
    });
  };

  const begin = () => {
    relative(document);
    follow();
    select();
    drafts();
    const form = document.getElementById("upload");
    if (form) upload(form);
  };
  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "main") begin();
    else relative(event.target);
  });
  document.addEventListener("htmx:historyRestore", begin);
  setInterval(() => relative(document), 30000);
})();
