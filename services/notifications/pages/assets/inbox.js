// The live part of the inbox: alerts slide in as they come. Without it the page still shows what was there when it was loaded.
"use strict";

(() => {
  const needs = document.querySelector(".needs");
  const choice = document.querySelector("#person");
  choice?.addEventListener("change", () => choice.form.requestSubmit());
  if (!needs || needs.dataset.live !== "yes") return;

  const connection = document.querySelector(".connection");
  const connectionText = connection.querySelector(".connection-text");
  const heard = document.querySelector(".heard");
  const empty = document.querySelector(".empty");
  const title = document.title;
  let newest = needs.dataset.newest;
  let unread = 0;

  const say = (state) => {
    if (connection.dataset.state === state) return;
    connection.dataset.state = state;
    connectionText.textContent = connection.dataset[state];
  };

  const parsed = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html; // rendered and escaped by the server, from this origin
    return holder.content.firstElementChild;
  };

  const show = (message) => {
    if (document.getElementById(`alert-${message.alert_id}`)) return;
    const section = document.getElementById(`need-${message.need_id}`);
    let card;
    if (section) {
      card = parsed(message.card);
      section.querySelector(".cards").prepend(card);
      // The need that was heard of last stands first, unless somebody is reading inside the list with the keyboard.
      if (!needs.contains(document.activeElement)) needs.prepend(section);
    } else {
      const group = parsed(message.group);
      needs.prepend(group);
      card = group.querySelector(".card");
    }
    card.classList.add("arriving");
    empty.hidden = true;
    heard.textContent = message.announcement;
    if (document.hidden) {
      unread += 1;
      document.title = `(${unread}) ${title}`;
    }
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unread = 0;
    document.title = title;
  });

  // The browser resumes by itself with Last-Event-ID; only where it gives up do we open anew, from the last id seen.
  const open = (waitMs) => {
    const query = new URLSearchParams({
      person: needs.dataset.person,
      after: newest,
      as: "cards",
      language: document.documentElement.lang,
    });
    const source = new EventSource(`/notifications/stream?${query}`);
    source.addEventListener("open", () => say("live"));
    source.addEventListener("alert", (event) => {
      newest = event.lastEventId;
      show(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      say("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => open(Math.min(waitMs * 2, 15000)), waitMs);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  open(1000);
})();
