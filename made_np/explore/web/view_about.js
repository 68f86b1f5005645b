// The chosen unit: what is known of it, with what can be done to it.
const ViewAbout = (() => {
	const { h, button, put } = Dom;

	// What is known of the chosen unit, with what can be done to it.
	function draw(app, wires, unit) {
		const { state, report, change } = app;
		if (!unit) {
			put(
				"about",
				h(
					"p",
					{ class: "muted" },
					"Choose a unit (hover, tap, or Tab to it): its wires light up, and it can be moved.",
				),
			);
			return;
		}
		if (unit.what === "hidden") {
			const { layer, index } = unit;
			const act = (by) => change(() => Actions.degree(state, layer, index, by));
			const up = Wires.reached(wires, unit.id, Wires.UP);
			const down = Wires.reached(wires, unit.id, Wires.DOWN);
			const named = (set, what) =>
				state.order.filter((i) => set.has(`${what}-${i}`)).map((i) => Words.nameOf(state, i));
			put(
				"about",
				h(
					"p",
					{},
					h("strong", {}, `h${layer}[${index}], degree ${unit.degree}. `),
					`Hears of ${Words.list(named(up, "input")) || "nothing"}; heard by ${Words.list(named(down, "output")) || "nobody"}. `,
					`It has ${Words.num(report.values[`h${layer}`][state.row][index], 3)} here, and the loss moves with it by ${Words.num(report.grads[`h${layer}`][state.row][index], 4)}.`,
				),
				button("degree-down", "Degree \u2212", () => act(-1), { disabled: state.degrees[layer][index] <= 1 }),
				button("degree-up", "Degree +", () => act(1), {
					disabled: state.degrees[layer][index] >= state.order.length - 1,
				}),
			);
			return;
		}
		const i = unit.index;
		const place = state.order.indexOf(i);
		const seen = Words.seenBy(state, report, i).map((j) => Words.nameOf(state, j));
		const at = Network.slices(state)[i];
		const told = Outputs.told(state.outputs[i], report.values.raw[state.row].slice(...at));
		put(
			"about",
			h(
				"p",
				{},
				h("strong", {}, `${Words.conditional(state, report, i)} = ${Words.outcome(state, i, told)}. `),
				`${Words.nameOf(state, i)} is number ${place + 1} in the order, and hears of ${Words.list(seen) || "nothing"}. Its value ${Words.num(state.x[state.row][i])} costs ${Words.num(report.values.nll[state.row][i], 3)} nats.`,
			),
			button("earlier", "Earlier in the order", () => change(() => Actions.move(state, i, -1)), {
				disabled: place === 0,
			}),
			button("later", "Later in the order", () => change(() => Actions.move(state, i, 1)), {
				disabled: place === state.order.length - 1,
			}),
		);
	}

	return { draw };
})();
