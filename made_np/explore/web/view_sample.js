// A row being drawn: each feature is decided by a uniform number against its conditional, in the order.
const ViewSample = (() => {
	const { h, s, put, button } = Dom;
	const { num, nameOf } = Words;

	function line(output, told, u) {
		// from 0 to 1: below p the feature is 1
		const at = (share) => (6 + 288 * Words.finite(share)).toFixed(1);
		const bit = output.kind === "bernoulli";
		return s(
			"svg",
			{ viewBox: "0 0 300 28", class: "uniform", "aria-hidden": "true" },
			s("path", { d: "M6 16H294", class: "track" }),
			bit ? s("path", { d: `M6 16H${at(told[0])}`, class: "share" }) : "",
			bit ? s("path", { d: `M${at(told[0])} 8V24`, class: "one" }) : "",
			s("circle", { cx: at(u), cy: 16, r: 6, class: "mark" }),
		);
	}

	function sentence(state, place) {
		const { row, told } = Sampling.walk(state, Masks.of(state), place + 1);
		const i = state.order[place];
		const u = state.uniforms[i];
		const known = state.order
			.slice(0, place)
			.map((j) => `${nameOf(state, j)} = ${num(row[j])}`)
			.join(", ");
		const given = known ? ` given ${known}` : "";
		if (state.outputs[i].kind !== "bernoulli") {
			return `${nameOf(state, i)}${given}: mean ${num(told[place][0])}, scale ${num(told[place][1])}; u = ${num(u, 3)} gives ${num(row[i], 3)}`;
		}
		const p = told[place][0];
		return `p(${nameOf(state, i)} = 1)${given} = ${num(p, 3)}; u = ${num(u, 3)} is ${u < p ? "below" : "not below"}: ${nameOf(state, i)} = ${row[i]}`;
	}

	function said(state, place) {
		const i = state.order[place];
		if (place < state.drawn) return sentence(state, place);
		return place === state.drawn
			? `Next: ${nameOf(state, i)}, with u = ${num(state.uniforms[i], 3)}`
			: nameOf(state, i);
	}

	function draw(app) {
		const { state, report, change } = app;
		const { told } = report.sample;
		// While the slider moves it has to stay where it is: only the line above it, and what it decides, are drawn anew.
		const slide = (i, place) => (event) => {
			Actions.throwOne(state, i, event.target.valueAsNumber);
			if (event.type === "change") return change(() => {});
			const item = event.target.parentElement;
			item.querySelector("p").textContent = said(state, place);
			const drawn = item.querySelector("svg");
			return drawn && drawn.replaceWith(line(state.outputs[i], told[place], state.uniforms[i]));
		};
		const lines = state.order.map((i, place) => {
			const known = place < state.drawn;
			const next = place === state.drawn;
			return h(
				"li",
				{ class: known ? "known" : next ? "next" : "later" },
				h("p", {}, said(state, place)),
				known ? line(state.outputs[i], told[place], state.uniforms[i]) : "",
				known || next
					? h("input", {
							type: "range",
							id: `uniform-${i}`,
							min: 0,
							max: 0.999,
							step: 0.001,
							value: state.uniforms[i],
							"aria-label": `uniform number of ${nameOf(state, i)}`,
							oninput: slide(i, place),
							onchange: slide(i, place),
						})
					: "",
			);
		});
		const done = state.drawn >= state.order.length;
		put(
			"sample",
			h("ol", { class: "walk" }, lines),
			done
				? h(
						"p",
						{},
						h("b", {}, `Drawn: ${report.sample.row.map((value) => num(value)).join(" ")}`),
						", in the order of the columns. It took one pass of each unit.",
					)
				: "",
			h(
				"div",
				{ class: "tools" },
				button("draw-next", done ? "Draw another row" : `Draw ${nameOf(state, state.order[state.drawn])}`, () =>
					change(() => Actions.sample(state)),
				),
				button("draw-anew", "New uniforms", () => change(() => Actions.throwAgain(state))),
			),
		);
	}
	return { draw };
})();
