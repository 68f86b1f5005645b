// Ways to break it: the mistakes that everybody makes once, each a switch.
const ViewBreak = (() => {
	const { h, put, button } = Dom;

	function toggle(app, id, name, value, [title, why]) {
		const { state, change } = app;
		const on = name === "open" ? state.broken.open === value : state.broken[name];
		const idle = name === "averaged_logits" && !app.report.all;
		return h(
			"li",
			{},
			button(id, title, () => change(() => Actions.breakIt(state, name, value)), {
				"aria-pressed": String(on),
				class: "switch",
				"aria-describedby": `${id}-why`,
				disabled: idle,
			}),
			h("p", { id: `${id}-why`, class: "muted" }, why),
		);
	}

	function draw(app) {
		const { state, change } = app;
		const open = Object.keys(app.report.masks).map((name) =>
			toggle(app, `break-open-${name}`, "open", name, [`${name} unmasked`, "Every wire of this layer is there."]),
		);
		const rest = Object.entries(Words.BREAKS).map(([name, told]) => toggle(app, `break-${name}`, name, null, told));
		put(
			"breaks",
			h("ul", { class: "breaks" }, rest[0], open, rest.slice(1)),
			button("mend", "Mend all", () => change(() => Actions.mend(state)), { disabled: !Words.isBroken(state) }),
		);
	}
	return { draw };
})();
