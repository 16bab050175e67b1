// Warns before a session ends, and lets its person go on: in the same tab while it lasts, else by logging in again in another
// one. Nothing that was typed leaves the page for it: no reload, and nothing is stored.
"use strict";
(() => {
  const place = document.querySelector("[data-session-expires]");
  if (!place) return;

  const person = place.dataset.sessionPerson;
  const WARN_SECONDS = 300, RENEW_AT_MOST_EVERY_SECONDS = 120;
  let csrf = document.querySelector("input[name=csrf]")?.value ?? "";
  // Until the server has said how long it lasts, nothing is kept back: who is quick may send what the page came with.
  let endsAt = Infinity, lastActive = 0, lastRenewed = Date.now(), shown = null, cannotGoOn = false;

  const now = () => Date.now();
  const left = () => Math.round((endsAt - now()) / 1000);

  // The server says how many seconds are left, so that a wrong clock here does no harm.
  function take(state) {
    if (state.person === null) { endsAt = 0; return "nobody"; }
    if (state.person !== person) { endsAt = 0; return "another"; }
    endsAt = now() + state.seconds * 1000;
    if (state.seconds > WARN_SECONDS) cannotGoOn = false;
    csrf = state.csrf;
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
    return "same";
  }

  async function ask(path, options) {
    try {
      const answer = await fetch(path, { cache: "no-store", ...options });
      if (answer.status === 403) return take(await (await fetch("/session", { cache: "no-store" })).json());
      return answer.ok ? take(await answer.json()) : "away";
    } catch {
      return "away";
    }
  }

  const look = () => ask("/session");
  async function renew() {
    lastRenewed = now();
    const found = await ask("/session/renew", { method: "POST", headers: { "X-CSRF-Token": csrf } });
    // A login has a longest time, and this one has reached it.
    cannotGoOn = found === "same" && left() <= WARN_SECONDS;
    show(found);
    return found;
  }

  const dialog = document.createElement("dialog");
  dialog.id = "session-warning";
  dialog.setAttribute("aria-labelledby", "session-warning-title");

  function element(name, danish, english, attributes = {}) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(danish);
    if (english) {
      const also = document.createElement("span");
      also.lang = "en";
      also.textContent = ` ${english}`;
      made.append(also);
    }
    return made;
  }

  const TEXTS = {
    soon: () => {
      const minutes = Math.max(1, Math.ceil(left() / 60));
      return [`Du bliver snart logget ud`, `You will soon be logged out`,
        `Om ${minutes} ${minutes === 1 ? "minut" : "minutter"}, fordi du ikke har rørt siden. Det, du har skrevet, bliver stående.`,
        `In ${minutes} ${minutes === 1 ? "minute" : "minutes"}, since you have not touched the page. What you have typed stays.`];
    },
    limit: () => [`Du bliver snart logget ud`, `You will soon be logged out`,
      `Et login varer højst en arbejdsdag. Log ind igen i en ny fane, og kom tilbage hertil. Det, du har skrevet, bliver stående.`,
      `A login lasts a working day at most. Log in again in a new tab, and come back here. What you have typed stays.`],
    over: () => [`Du er logget ud`, `You are logged out`,
      `Log ind igen i en ny fane, og kom tilbage hertil. Det, du har skrevet, bliver stående.`,
      `Log in again in a new tab, and come back here. What you have typed stays.`],
    another: () => [`En anden er logget ind`, `Somebody else is logged in`,
      `Siden hører til dit eget login. Log ind igen i en ny fane, før du sender noget.`,
      `This page belongs to your own login. Log in again in a new tab before you send anything.`],
  };

  // Who closed the same words by a key is not told them again until something is to be sent.
  function open(kind, again) {
    const [title, titleEn, text, textEn] = TEXTS[kind]();
    const key = `${kind} ${text}`;
    if (shown === key && (dialog.open || !again)) return;
    shown = key;
    const row = element("div", "", "", { class: "row" });
    if (kind === "soon") {
      const stay = element("button", "Bliv logget ind", "· Stay logged in", { type: "button", class: "first" });
      stay.addEventListener("click", renew);
      row.append(stay);
    } else {
      row.append(element("a", "Log ind igen", "· Log in again",
        { href: "/login?next=%2Flogin%2Fdone", target: "_blank", rel: "noopener", class: "first" }));
    }
    dialog.replaceChildren(element("h2", title, `· ${titleEn}`, { id: "session-warning-title" }), element("p", text, textEn), row);
    if (!dialog.isConnected) document.body.append(dialog);
    if (!dialog.open) dialog.showModal();
  }

  function close() {
    shown = null;
    if (dialog.open) dialog.close();
  }

  function show(found, again = false) {
    if (found === "another") return open("another", again);
    if (left() <= 0) return found === "away" && endsAt > 0 ? undefined : open("over", again);
    if (left() <= WARN_SECONDS) return open(cannotGoOn ? "limit" : "soon");
    close();
  }

  for (const event of ["keydown", "pointerdown", "input"]) {
    addEventListener(event, (what) => { if (!dialog.contains(what.target)) lastActive = now(); }, { passive: true, capture: true });
  }
  // A form sent after the end would be refused, and what was typed lost with the page.
  addEventListener("submit", (event) => {
    if (left() <= 0) { event.preventDefault(); look().then((found) => show(found, true)); }
  }, { capture: true });
  addEventListener("focus", () => { look().then((found) => show(found)); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look().then((found) => show(found)); });

  async function tick() {
    const active = lastActive > lastRenewed && now() - lastRenewed > RENEW_AT_MOST_EVERY_SECONDS * 1000;
    if (active && left() > 0) await renew();
    else if (left() <= WARN_SECONDS) show(await look());
  }
  look().then((found) => show(found));
  setInterval(tick, 5000);
})();
