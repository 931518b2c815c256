"use strict";
// Shows who is without power, water or mobile at any quarter of an hour. Reads only the page's own data.
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const STEP_MS = 140;
  const NAMES = ["power", "water", "mobile"];
  const clock = (quarter) => String(Math.floor(quarter / 4)).padStart(2, "0") + ":" + String((quarter % 4) * 15).padStart(2, "0");
  const grouped = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  for (const day of data.outages) {
    const figure = document.getElementById(day.key);
    const paths = [...figure.querySelectorAll(".outages path")];
    const form = figure.querySelector("form");
    const slider = form.querySelector("input");
    const button = form.querySelector("button");
    const state = figure.querySelector(".outage-state");
    let timer = null;
    const show = (quarter) => {
      const without = NAMES.map(() => 0);
      for (const path of paths) {
        const set = Number(path.dataset.set);
        const digit = Number(day.lost[set][quarter]);
        path.setAttribute("class", "u" + digit);
        NAMES.forEach((_, bit) => { if (digit & (1 << bit)) without[bit] += day.inhabitants[set]; });
      }
      slider.value = String(quarter);
      state.textContent = clock(quarter) + " · inhabitants at home without " +
        NAMES.map((name, bit) => `${name} ${grouped(without[bit])}`).join(", ");
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
      button.setAttribute("aria-pressed", "false");
    };
    const play = () => {
      button.textContent = "Pause";
      button.setAttribute("aria-pressed", "true");
      if (Number(slider.value) >= Number(slider.max)) show(0);
      timer = setInterval(() => {
        const next = Number(slider.value) + 1;
        if (next > Number(slider.max)) stop();
        else show(next);
      }, STEP_MS);
    };
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    button.addEventListener("click", () => { if (timer === null) play(); else stop(); });
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    const wanted = new URLSearchParams(location.hash.slice(1));
    const asked = wanted.has("quarter") ? Number(wanted.get("quarter")) : NaN;
    const inside = Number.isInteger(asked) && asked >= 0 && asked <= Number(slider.max);
    show(inside ? asked : day.worst);
    if (wanted.get("play") === "outages") play();
  }
})();
