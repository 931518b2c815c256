"use strict";
// Redraws the maps for an hour, tells a street's hours, folds tables. Reads only the page's own data.
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const SVG = "http://www.w3.org/2000/svg";
  const MINUS = "\u2212";
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const show = (value, digits) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    const places = digits ?? (Math.abs(value) >= 100 ? 0 : 1);
    const text = Math.abs(value).toFixed(places).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f").replace(/\.0$/, "");
    return (value < 0 && /[1-9]/.test(text) ? MINUS : "") + text;
  };

  // Values of one map at an hour (-1: the day): the flow that makes the width, the value that makes the colour.
  const flowOf = (flows, row, hour) => (hour < 0 ? flows.flow_veh[row] : flows.flow_veh_by_hour[hour][row]);
  const delayOf = (flows, row, hour) => (hour < 0 ? flows.delay_s[row] : flows.delay_s_by_hour[hour][row]);
  const shareOf = (flows, row, hour, scale) => {
    const delay = delayOf(flows, row, hour);
    if (delay === null || flowOf(flows, row, hour) < scale.least_flow_veh) return null;
    return delay / data.networks[flows.network].free_flow_time_s[row];
  };
  const measure = (map, scale, row, hour) => {
    const after = data.flows[map.scenario];
    if (map.against === null) return [flowOf(after, row, hour), shareOf(after, row, hour, scale)];
    const before = data.flows[map.against];
    if (map.measure === "flow_difference") {
      const change = flowOf(after, row, hour) - flowOf(before, row, hour);
      return [change, change];
    }
    const shares = [shareOf(after, row, hour, scale), shareOf(before, row, hour, scale)];
    const known = shares[0] !== null && shares[1] !== null;
    return [Math.max(flowOf(after, row, hour), flowOf(before, row, hour)), known ? shares[0] - shares[1] : null];
  };
  const widthOf = (scale, flow, hour) => {
    if (!flow) return 0;
    const top = hour < 0 ? scale.day_top_veh : scale.hour_top_veh;
    return scale.thinnest_px + (scale.widest_px - scale.thinnest_px) * Math.min(1, Math.abs(flow) / top) ** scale.width_power;
  };
  const classOf = (scale, value, hour) => {
    if (value === null) return "kx";
    const breaks = hour < 0 ? scale.day_breaks : scale.hour_breaks;
    return "k" + breaks.filter((limit) => value >= limit).length;
  };

  const maps = new Map(data.maps.map((map) => [map.key, map]));
  const state = { hour: -1, map: null, row: null };

  const paint = () => {
    for (const svg of all("svg.map")) {
      const map = maps.get(svg.dataset.map);
      if (map.values) continue;
      const scale = data.scales[map.measure];
      for (const path of all(".links path", svg)) {
        const row = Number(path.dataset.row);
        const [flow, value] = measure(map, scale, row, state.hour);
        const name = classOf(scale, value, state.hour);
        const width = widthOf(scale, flow, state.hour);
        const quiet = name === "kx" || name === "k" + scale.neutral;
        path.setAttribute("class", name);
        path.setAttribute("stroke-width", String(Math.round((quiet ? Math.min(width, scale.neutral_px) : width) * 10)));
      }
    }
    for (const part of all(".maps .legend-day")) part.hidden = state.hour >= 0;
    for (const part of all(".legend-hour")) part.hidden = state.hour < 0;
    one("#hour").value = String(state.hour);
    const next = (hour) => String(hour).padStart(2, "0") + ":00";
    one("#hour-text").textContent = state.hour < 0 ? "whole day" : next(state.hour) + "–" + next(state.hour + 1);
    mark();
  };

  // The street that was chosen, in every map of its territory.
  const mark = () => {
    for (const path of all(".links path.found")) path.classList.remove("found");
    if (state.row === null) return;
    const network = data.flows[maps.get(state.map).scenario].network;
    for (const svg of all("svg.map")) {
      if (data.flows[maps.get(svg.dataset.map).scenario].network !== network) continue;
      one(`.links path[data-row="${state.row}"]`, svg)?.classList.add("found");
    }
  };

  const card = one("#card");
  const series = (flows, row, colour, top) => {
    const path = document.createElementNS(SVG, "path");
    const step = 264 / (flows.flow_veh_by_hour.length - 1);
    const points = flows.flow_veh_by_hour.map((hour, k) => `${(k * step).toFixed(1)} ${(60 - (56 * hour[row]) / top).toFixed(1)}`);
    path.setAttribute("d", "M" + points.join("L"));
    path.setAttribute("class", "line");
    path.setAttribute("stroke", colour);
    return path;
  };
  const tell = (key, row, x, y) => {
    const map = maps.get(key);
    const shown = map.against === null ? [map.scenario] : [map.against, map.scenario];
    const network = data.networks[data.flows[map.scenario].network];
    card.replaceChildren();
    make("h4", network.link_name[row] || "Street without a name", card);
    const lanes = network.lanes[row] === 1 ? "1 lane" : show(network.lanes[row]) + " lanes";
    make("p", `${network.road_class[row]}, ${lanes}, ${show(network.free_speed_kmh[row], 0)} km/h, ` +
      `${show(network.length_m[row], 0)} m · ${network.link_id[row]}`, card);
    const table = make("table", "", card);
    const head = make("tr", "", table);
    const per = state.hour < 0 ? "a day" : "in this hour";
    for (const text of ["", `vehicles ${per}`, "delay, s"]) make("th", text, head).className = text ? "n" : "";
    for (const scenario of shown) {
      const line = make("tr", "", table);
      make("th", data.scenarios[scenario].role, line);
      make("td", show(flowOf(data.flows[scenario], row, state.hour)), line).className = "n";
      make("td", show(delayOf(data.flows[scenario], row, state.hour)), line).className = "n";
    }
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 264 74");
    const top = Math.max(1, ...shown.flatMap((s) => data.flows[s].flow_veh_by_hour.map((hour) => hour[row])));
    for (const s of shown) svg.append(series(data.flows[s], row, data.scenarios[s].colour, top));
    for (const hour of [0, 6, 12, 18]) {
      const text = document.createElementNS(SVG, "text");
      text.setAttribute("x", String(hour * (264 / (data.flows[shown[0]].flow_veh_by_hour.length - 1))));
      text.setAttribute("y", "73");
      text.setAttribute("font-size", "10");
      text.textContent = hour + " h";
      svg.append(text);
    }
    card.append(svg);
    make("p", `Vehicles by hour, at most ${show(top)}`, card);
    card.hidden = false;
    const page = document.documentElement;
    card.style.left = Math.max(8, Math.min(x + 14, page.clientWidth - 312)) + window.scrollX + "px";
    card.style.top = (y + 18 + card.offsetHeight > window.innerHeight ? Math.max(8, y - card.offsetHeight - 14) : y + 18) + window.scrollY + "px";
  };
  const hide = () => { card.hidden = true; };

  const around = [[0, 0], [0, -4], [4, 0], [0, 4], [-4, 0], [3, -3], [3, 3], [-3, 3], [-3, -3]];
  const linkAt = (svg, x, y) => {
    for (const [dx, dy] of around) {
      const path = document.elementFromPoint(x + dx, y + dy)?.closest(".links path");
      if (path && svg.contains(path)) return Number(path.dataset.row);
    }
    return null;
  };
  const choose = (key, row) => {
    state.map = key;
    state.row = row;
    mark();
    remember();
  };
  const remember = () => {
    const parts = [];
    if (state.hour >= 0) parts.push("hour=" + state.hour);
    if (state.row !== null) {
      const network = data.networks[data.flows[maps.get(state.map).scenario].network];
      parts.push("map=" + state.map, "link=" + encodeURIComponent(network.link_id[state.row]));
    }
    history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
  };
  const pointTo = (key, row) => {
    const svg = one(`svg.map[data-map="${key}"]`);
    choose(key, row);
    svg.closest("figure").scrollIntoView({ block: "center" });
    const path = one(`.links path[data-row="${row}"]`, svg);
    const box = (path || svg).getBoundingClientRect();
    tell(key, row, box.x + box.width / 2, box.y + box.height / 2);
  };

  // Closer and wider, by the buttons; a closer map can be dragged.
  const frames = new Map();
  const zoom = (svg, factor) => {
    const home = frames.get(svg) || frames.set(svg, svg.getAttribute("viewBox").split(" ").map(Number)).get(svg);
    const now = svg.getAttribute("viewBox").split(" ").map(Number);
    const width = Math.min(home[2], now[2] * factor);
    const height = (width * home[3]) / home[2];
    move(svg, home, now[0] + (now[2] - width) / 2, now[1] + (now[3] - height) / 2, width, height);
  };
  const move = (svg, home, x, y, width, height) => {
    const left = Math.max(0, Math.min(home[2] - width, x));
    const top = Math.max(0, Math.min(home[3] - height, y));
    svg.setAttribute("viewBox", [left, top, width, height].map((value) => value.toFixed(1)).join(" "));
    svg.classList.toggle("closer", width < home[2]);
  };
  const drag = (svg, event) => {
    const home = frames.get(svg);
    const now = svg.getAttribute("viewBox").split(" ").map(Number);
    const unit = now[2] / svg.clientWidth;
    move(svg, home, now[0] - event.movementX * unit, now[1] - event.movementY * unit, now[2], now[3]);
  };

  const wireMaps = () => {
    one(".map-controls").hidden = false;
    one(".map-controls").addEventListener("submit", (event) => event.preventDefault());
    one("#hour").addEventListener("input", (event) => { state.hour = Number(event.target.value); paint(); remember(); });
    for (const svg of all("svg.map")) {
      const key = svg.dataset.map;
      svg.addEventListener("pointermove", (event) => {
        if (event.buttons && frames.has(svg)) { drag(svg, event); hide(); return; }
        const row = linkAt(svg, event.clientX, event.clientY);
        if (row === null) hide(); else tell(key, row, event.clientX, event.clientY);
      });
      svg.addEventListener("pointerleave", hide);
      svg.addEventListener("click", (event) => {
        const row = linkAt(svg, event.clientX, event.clientY);
        choose(key, row);
        if (row !== null) tell(key, row, event.clientX, event.clientY);
      });
      const buttons = one(".zoom", svg.parentNode);
      buttons.hidden = false;
      buttons.addEventListener("click", (event) => {
        if (event.target.dataset.zoom) zoom(svg, event.target.dataset.zoom === "in" ? 0.6 : 1 / 0.6);
      });
    }
    for (const button of all(".locate")) {
      button.addEventListener("click", () => pointTo(button.dataset.map, Number(button.dataset.row)));
    }
    const network = data.networks[0];
    for (const name of [...new Set(network.link_name)].filter(Boolean).sort()) make("option", "", one("#streets")).value = name;
    one("#find").addEventListener("change", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      const row = network.link_name.findIndex((name, k) => name.toLowerCase() === wanted || network.link_id[k] === wanted);
      const first = data.maps.find((map) => data.flows[map.scenario].network === 0);
      if (row >= 0 && first) pointTo(first.key, row);
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  };

  const wireTables = () => {
    const blocks = all("tbody.indicator").filter((block) => one(".fold", block));
    const fold = (block, open) => {
      one(".fold", block).setAttribute("aria-expanded", String(open));
      for (const row of all(".group-row", block)) row.hidden = !open;
    };
    for (const block of blocks) {
      const button = one(".fold", block);
      button.hidden = false;
      button.addEventListener("click", () => fold(block, button.getAttribute("aria-expanded") !== "true"));
      fold(block, false);
    }
    one(".indicators .controls").hidden = false;
    const every = one("#fold-all");
    every.hidden = blocks.length === 0;
    every.addEventListener("click", () => {
      const open = every.getAttribute("aria-expanded") !== "true";
      every.setAttribute("aria-expanded", String(open));
      every.textContent = open ? "Hide all groups" : "Show all groups";
      for (const block of blocks) fold(block, open);
    });
    const choosers = all(".chooser button");
    const focus = (name) => {
      for (const button of choosers) button.setAttribute("aria-pressed", String(button.dataset.focus === name));
      for (const table of all(".indicator-table")) table.hidden = table.dataset.focus !== name;
    };
    for (const button of choosers) button.addEventListener("click", () => focus(button.dataset.focus));
    if (choosers.length) focus(choosers[0].dataset.focus);
    one("#download").addEventListener("click", download);
  };

  // A cell that begins like a formula is quoted, so that a spreadsheet shows it and runs nothing.
  const cell = (value) => {
    if (typeof value === "number") return String(value);
    const text = String(value ?? "");
    return '"' + (/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replace(/"/g, '""') + '"';
  };
  const download = () => {
    const keys = ["scenario", "focus", "indicator", "group", "unit", "base", "alternative", "difference", "low", "high", "n_seeds", "method", "verdict"];
    const lines = [keys.join(","), ...data.indicators.map((row) => keys.map((key) => cell(row[key])).join(","))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" }));
    link.download = "indicators.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const restore = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const hour = Number(wanted.get("hour") ?? -1);
    const most = Number(one("#hour").max);
    if (Number.isInteger(hour) && hour >= 0 && hour <= most) state.hour = hour;
    paint();
    const map = maps.get(wanted.get("map") ?? data.maps[0].key);
    if (map && wanted.get("link")) {
      const row = data.networks[data.flows[map.scenario].network].link_id.indexOf(wanted.get("link"));
      if (row >= 0) pointTo(map.key, row);
    }
  };

  wireTables();
  if (data.maps.length) {
    wireMaps();
    if (location.hash.length > 1) restore();
  }
  document.documentElement.dataset.ready = "yes";
})();
