// Training: the loss as a curve, and the line below which no density can be.
const ViewTraining = (() => {
	const { h, s, put, button } = Dom;
	const { num } = Words;

	function curve(state, report) {
		const losses = [...state.losses, report.loss].map(Words.finite);
		const floor = report.floor;
		const values = floor === null ? losses : [...losses, floor];
		const low = Math.min(...values);
		const high = Math.max(...values, low + 0.1);
		const [width, height] = [320, 90];
		const y = (loss) => 8 + ((high - loss) / (high - low)) * (height - 16);
		const x = (k) => (losses.length < 2 ? 4 : 4 + (k / (losses.length - 1)) * (width - 8));
		const line = losses.map((loss, k) => `${k ? "L" : "M"}${x(k).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
		return s(
			"svg",
			{
				viewBox: `0 0 ${width} ${height}`,
				class: "curve",
				role: "img",
				"aria-label": `loss over ${losses.length - 1} steps, now ${num(report.loss, 3)}`,
			},
			floor === null ? "" : s("path", { d: `M0 ${y(floor)}H${width}`, class: "floor" }),
			s("path", { d: line, class: "line" }),
			s("circle", { cx: x(losses.length - 1), cy: y(losses.at(-1)), r: 3.5, class: "dot" }),
		);
	}

	function draw(app) {
		const { state, report, change } = app;
		const train = (n) =>
			button(`train-${n}`, `${n} step${n > 1 ? "s" : ""}`, () => change(() => Actions.train(state, n)));
		const floor = report.floor;
		const below = floor !== null && report.loss < floor - 1e-9;
		put(
			"training",
			curve(state, report),
			h(
				"p",
				{ class: below ? "bad" : "" },
				`Loss ${num(report.loss, 4)} nats after ${Words.count(state.memory.step, "step")}. `,
				floor === null
					? ""
					: `The dashed line, ${num(floor, 3)}, is the entropy of the rows: no density can be below it${below ? ", and this is none" : ""}.`,
			),
			h("div", { class: "tools" }, train(1), train(10), train(100)),
			h(
				"div",
				{ class: "tools" },
				["adam", "sgd"].map((name) =>
					button(
						`rule-${name}`,
						{ adam: "Adam", sgd: "plain descent" }[name],
						() => change(() => Actions.rule(state, name)),
						{ "aria-pressed": String(state.rule === name) },
					),
				),
				button("rate-down", "Slower", () => change(() => Actions.rate(state, -1)), {
					"aria-label": `slower than learning rate ${state.rate}`,
				}),
				button("rate-up", "Faster", () => change(() => Actions.rate(state, 1)), {
					"aria-label": `faster than learning rate ${state.rate}`,
				}),
				h("span", { class: "muted" }, `learning rate ${state.rate}`),
			),
		);
	}
	return { draw };
})();
