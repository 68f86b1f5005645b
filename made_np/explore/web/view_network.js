// The network as a picture: columns of units with their degrees, wires that are there, cut, leaking or lost.
const ViewNetwork = (() => {
  const { h, s, $, button, put } = Dom;
  const PITCH = 54;
  const RADIUS = 17;
  const MOST_CUT = 120;
  let wires = []; // of the picture that stands: {from, to, kind, element}

  // Columns from left to right: each a list of units {id, degree, what, index}, from top to bottom.
  function columns(state, report) {
    const { features } = report;
    const column = (what) => state.order.map((i) => ({ id: `${what}-${i}`, what, index: i, degree: features[i] }));
    const hidden = report.hidden.map((degrees, l) => degrees
      .map((degree, k) => ({ id: `hidden-${l}-${k}`, what: "hidden", layer: l, index: k, degree }))
      .sort((a, b) => a.degree - b.degree || a.index - b.index));
    return [column("input"), ...hidden, column("output")];
  }

  // All wires that there could be, each with what has become of it.
  function edges(state, report) {
    const depth = state.degrees.length;
    const unit = (l, k) => (l === 0 ? `input-${k}` : `hidden-${l - 1}-${k}`);
    const first = state.outputs.map((_, i) => Network.slices(state)[i][0]);
    const found = [];
    const add = (name, from, to, r, c, l) => {
      const live = report.masks[name][r][c];
      const right = report.right[name][r][c];
      const kind = live ? (right ? "live" : "leak") : right ? "lost" : "cut";
      found.push({ name, from, to, kind, size: Math.abs(report.values[name][r][c]), arc: l === null });
    };
    state.degrees.forEach((layer, l) => layer.forEach((_, k) =>
      report.masks[`W${l}`][k].forEach((_, c) => add(`W${l}`, unit(l, c), unit(l + 1, k), k, c, l))));
    state.outputs.forEach((_, i) => {
      if (depth) state.degrees[depth - 1].forEach((_, c) => add(`W${depth}`, unit(depth, c), `output-${i}`, first[i], c, depth));
      if (state.direct) state.order.forEach((j) => add("W_direct", `input-${j}`, `output-${i}`, first[i], j, null));
    });
    report.skips.forEach((skip, l) => skip && skip.forEach((wire, k) =>
      wire && found.push({ name: "skip", from: unit(l, k), to: unit(l + 1, k), kind: "live", size: 0, arc: false, skip: true })));
    return found;
  }

  // Units that can be reached from one along wires that carry something, upwards or downwards.
  function reached(start, ends) {
    const seen = new Set([start]);
    const [own, other] = ends;
    for (let grown = true; grown;) {
      grown = false;
      wires.forEach((wire) => {
        const carries = wire.kind === "live" || wire.kind === "leak";
        if (carries && seen.has(wire[own]) && !seen.has(wire[other])) grown = !!seen.add(wire[other]);
      });
    }
    return seen;
  }

  // Lights what leads to a unit, and what it leads to.
  function light(id) {
    const up = id ? reached(id, ["to", "from"]) : new Set();
    const down = id ? reached(id, ["from", "to"]) : new Set();
    wires.forEach((wire) => {
      const carries = wire.kind === "live" || wire.kind === "leak";
      wire.element.classList.toggle("up", carries && up.has(wire.to));
      wire.element.classList.toggle("down", carries && down.has(wire.from));
      wire.element.classList.toggle("near", !carries && (up.has(wire.to) && id !== null));
    });
    $("network").classList.toggle("lit", Boolean(id));
  }

  // Yellow-free part of viridis: the degree of a unit as a colour, with letters that can be read on it.
  const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [53, 183, 121]];
  function colour(share) {
    const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
    const low = Math.min(Math.floor(at), STOPS.length - 2);
    const mixed = STOPS[low].map((a, k) => Math.round(a + (at - low) * (STOPS[low + 1][k] - a)));
    const light = mixed.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    const seen = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
    return [`rgb(${mixed})`, 1.05 / (seen + 0.05) > (seen + 0.05) / 0.05 ? "#fff" : "#000"];
  }

  // What stands under a unit at this step: its value, on the way back its gradient too.
  function under(app, unit, wide) {
    const { state, report, shown } = app;
    const row = state.row;
    if (unit.what === "input") return [Words.num(state.x[row][unit.index]), null];
    if (unit.what === "hidden") {
      const [z, y] = [`z${unit.layer}`, `h${unit.layer}`];
      const name = shown.has(y) ? y : z;
      const grad = shown.has(`d${z}`) ? z : y;
      return [
        shown.has(z) ? Words.num(report.values[name][row][unit.index]) : "",
        shown.has(`dh${unit.layer}`) ? Words.num(report.grads[grad][row][unit.index]) : null,
      ];
    }
    const at = Network.slices(state)[unit.index];
    const told = Outputs.told(state.outputs[unit.index], report.values.raw[row].slice(...at));
    return [
      shown.has("raw") ? (wide ? Words.outcome(state, unit.index, told) : Words.num(told[0])) : "",
      shown.has("d raw") ? Words.num(report.grads.raw[row][at[0]]) : null,
    ];
  }

  function title(app, unit) {
    const { state, report } = app;
    if (unit.what === "input") return Words.nameOf(state, unit.index);
    if (unit.what === "hidden") return `h${unit.layer}[${unit.index}]`;
    return Words.conditional(state, report, unit.index, 20);
  }

  const leaks = ({ state, report }, i) => Report.faults(state, report).leaks.some(([hearer]) => hearer === i);

  // What stands at a unit: inputs and outputs have theirs beside them where there is room, all others below.
  function label(app, unit, [x, y], wide, value, grad) {
    const [left, right] = [unit.what === "input", unit.what === "output"];
    const slope = grad === null ? [] : [["grad", `d ${grad}`]];
    if (unit.what === "hidden") return line(x, y + RADIUS + 14, "middle", [["", value], ...slope]);
    const name = title(app, unit);
    if (left) {
      const text = [["", `${name} = ${value}`]];
      if (wide) return line(x - RADIUS - 9, y + 4, "end", text);
      return text[0][1].length > 9 ? line(x - RADIUS - 19, y + RADIUS + 14, "start", text) : line(x, y + RADIUS + 14, "middle", text);
    }
    if (wide) {
      const told = value ? [["", `= ${value}`], ...slope] : [];
      return [line(x + RADIUS + 9, value ? y - 3 : y + 4, "start", [["", name]]), line(x + RADIUS + 9, y + 13, "start", told)];
    }
    const short = [Words.nameOf(app.state, unit.index), value].filter(Boolean).join(" = ");
    const end = short.length > 9; // a long one would leave the picture at its right edge
    const at = end ? x + RADIUS + 19 : x;
    return [line(at, y + RADIUS + 14, end ? "end" : "middle", [["", short]]), right && line(at, y + RADIUS + 29, end ? "end" : "middle", slope)];
  }
  const line = (x, y, anchor, parts) => parts.filter(([, words]) => words).map(([kind, words], k) =>
    s("tspan", { ...(k ? { dx: 7 } : { x, y }), class: kind, "text-anchor": anchor }, words));

  // Two parts: the unit, which is a button, and what is written on it with its label, which the button's name says.
  function drawUnit(app, unit, [x, y], wide) {
    const [fill, ink] = colour((unit.degree - 1) / Math.max(app.state.order.length - 1, 1));
    const [value, grad] = under(app, unit, wide);
    const name = title(app, unit);
    const text = s("text", { class: `label${unit.what === "output" && leaks(app, unit.index) ? " leaks" : ""}` },
      label(app, unit, [x, y], wide, value, grad));
    const selected = app.view.selected === unit.id;
    const press = s("g", {
      id: unit.id, class: `unit${selected ? " selected" : ""}`, role: "button", tabindex: 0, "aria-pressed": String(selected),
      "aria-label": `${name}, degree ${unit.degree}${value ? `, ${value}` : ""}${grad === null ? "" : `, gradient ${grad}`}`,
      onclick: () => app.look(() => (app.view.selected = selected ? null : unit.id)),
      onfocus: () => light(unit.id), onblur: () => light(app.view.selected),
      onpointerenter: () => light(unit.id), onpointerleave: () => light(app.view.selected),
    },
    s("rect", { x: x - 22, y: y - 22, width: 44, height: 44, class: "hit" }),
    s("circle", { cx: x, cy: y, r: RADIUS, fill }));
    return [press, [s("text", { x, y: y + 5, "text-anchor": "middle", class: "degree", fill: ink }, String(unit.degree)), text]];
  }

  function drawWire(wire, places) {
    const [a, b] = [places[wire.from], places[wire.to]];
    const line = wire.arc || wire.skip
      ? `M${a[0]} ${a[1]}Q${(a[0] + b[0]) / 2} ${Math.min(a[1], b[1]) - (wire.arc ? 46 : 18)} ${b[0]} ${b[1]}`
      : `M${a[0]} ${a[1]}L${b[0]} ${b[1]}`;
    wire.element = s("path", { d: line, class: `wire ${wire.kind}`, "stroke-width": (0.9 + 1.4 * Math.min(Words.finite(wire.size), 2)).toFixed(2) });
    return wire.element;
  }

  function draw(app) {
    const { state, report } = app;
    const space = $("network").clientWidth || 720;
    const wide = space >= 640;
    const sheets = columns(state, report);
    const most = Math.max(...sheets.map((column) => column.length));
    const head = 34;
    const height = head + most * PITCH + 16;
    const longest = Math.max(...state.order.map((i) => title(app, { what: "output", index: i }).length));
    const [left, right] = wide ? [7.3 * Math.max(...state.names.map((name) => Words.short(name).length)) + 100, 7.3 * longest + 40] : [38, 38];
    const places = {};
    sheets.forEach((column, c) => column.forEach((unit, k) => {
      const step = (most * PITCH) / column.length;
      places[unit.id] = [Math.round(left + (c * (space - left - right)) / (sheets.length - 1)), Math.round(head + step * (k + 0.5) - 4)];
    }));
    wires = edges(state, report);
    const cut = wires.filter((wire) => wire.kind === "cut").length;
    const heads = ["inputs", ...state.degrees.map((_, l) => (state.degrees.length > 1 ? `hidden ${l + 1}` : "hidden")), "outputs"];
    const units = sheets.flat().map((unit) => drawUnit(app, unit, places[unit.id], wide));
    const picture = s("svg", {
      width: space, height, viewBox: `0 0 ${space} ${height}`, role: "group",
      "aria-label": "The network: units with their degrees, in the order of generation", class: `${cut > MOST_CUT ? "hide" : ""} ${wires.length > 160 ? "many" : ""}`,
    },
    s("g", { "aria-hidden": "true" }, sheets.map((column, c) =>
      s("text", { x: places[column[0].id][0], y: 16, "text-anchor": "middle", class: "head" }, heads[c]))),
    s("g", { "aria-hidden": "true" }, wires.map((wire) => drawWire(wire, places))),
    units.map(([press]) => press),
    s("g", { "aria-hidden": "true", class: "written" }, units.map(([, words]) => words)));
    put("network", picture);
    light(app.view.selected);
    drawLegend();
    drawAbout(app, sheets.flat().find((unit) => unit.id === app.view.selected));
  }

  function drawLegend() {
    const entry = (kind, text) => h("li", {}, s("svg", { width: 34, height: 10, "aria-hidden": "true" },
      s("path", { d: "M1 5L33 5", class: `wire ${kind}`, "stroke-width": 2 })), text);
    const kinds = new Set(wires.map((wire) => wire.kind));
    const told = { live: "a wire", cut: "cut by its mask", leak: "must not be there", lost: "is missing" };
    put("legend", Object.keys(told).filter((kind) => kinds.has(kind)).map((kind) => entry(kind, told[kind])),
      entry("live up", "leads to the chosen unit"), entry("live down", "leads away from it"));
  }

  // What is known of the chosen unit, with what can be done to it.
  function drawAbout(app, unit) {
    const { state, report, change } = app;
    if (!unit) {
      put("about", h("p", { class: "muted" }, "Choose a unit (hover, tap, or Tab to it): its wires light up, and it can be moved."));
      return;
    }
    if (unit.what === "hidden") {
      const { layer, index } = unit;
      const [act, up, down] = [(by) => change(() => Actions.degree(state, layer, index, by)), reached(unit.id, ["to", "from"]), reached(unit.id, ["from", "to"])];
      const named = (set, what) => state.order.filter((i) => set.has(`${what}-${i}`)).map((i) => Words.nameOf(state, i));
      put("about", h("p", {}, h("strong", {}, `h${layer}[${index}], degree ${unit.degree}. `),
        `Hears of ${Words.list(named(up, "input")) || "nothing"}; heard by ${Words.list(named(down, "output")) || "nobody"}. `,
        `It has ${Words.num(report.values[`h${layer}`][state.row][index], 3)} here, and the loss moves with it by ${Words.num(report.grads[`h${layer}`][state.row][index], 4)}.`),
      button("degree-down", "Degree \u2212", () => act(-1), { disabled: state.degrees[layer][index] <= 1 }),
      button("degree-up", "Degree +", () => act(1), { disabled: state.degrees[layer][index] >= state.order.length - 1 }));
      return;
    }
    const i = unit.index;
    const place = state.order.indexOf(i);
    const seen = Words.seenBy(state, report, i).map((j) => Words.nameOf(state, j));
    const at = Network.slices(state)[i];
    const told = Outputs.told(state.outputs[i], report.values.raw[state.row].slice(...at));
    put("about", h("p", {}, h("strong", {}, `${Words.conditional(state, report, i)} = ${Words.outcome(state, i, told)}. `),
      `${Words.nameOf(state, i)} is number ${place + 1} in the order, and hears of ${Words.list(seen) || "nothing"}. Its value ${Words.num(state.x[state.row][i])} costs ${Words.num(report.values.nll[state.row][i], 3)} nats.`),
    button("earlier", "Earlier in the order", () => change(() => Actions.move(state, i, -1)), { disabled: place === 0 }),
    button("later", "Later in the order", () => change(() => Actions.move(state, i, 1)), { disabled: place === state.order.length - 1 }));
  }

  return { draw, light };
})();
