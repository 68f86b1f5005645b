// The keyboard: every key with what it does, which is also what the help lists.
const Keys = (() => {
	const chosen = (app) => {
		// the unit that has the focus, or else the one that was chosen
		const unit = /^(input|output|hidden)-(\d+)(?:-(\d+))?$/;
		return (unit.exec(document.activeElement.id) || unit.exec(app.view.selected || "") || []).slice(0);
	};
	const feature = (app, by) => {
		const [, what, index] = chosen(app);
		if (what && what !== "hidden") app.change(() => Actions.move(app.state, Number(index), by));
	};
	const degree = (app, by) => {
		const [, what, layer, unit] = chosen(app);
		if (what === "hidden") app.change(() => Actions.degree(app.state, Number(layer), Number(unit), by));
	};

	const KEYS = [
		[["ArrowRight"], "next step", (app) => app.go(1)],
		[["ArrowLeft"], "step back", (app) => app.go(-1)],
		[[" "], "play or stop (on a button: press it)", (app) => app.play()],
		[["["], "the unit's feature earlier in the order", (app) => feature(app, -1)],
		[["]"], "the unit's feature later in the order", (app) => feature(app, 1)],
		[["+", "="], "degree of the hidden unit up", (app) => degree(app, 1)],
		[["-"], "degree of the hidden unit down", (app) => degree(app, -1)],
		[["s"], "sample one feature", (app) => app.change(() => Actions.sample(app.state))],
		[["t"], "train 10 steps", (app) => app.change(() => Actions.train(app.state, 10))],
		[["b"], "go to \u201cbreak it\u201d", () => Dom.$("break-loose_output").focus()],
		[["m"], "mend all", (app) => app.change(() => Actions.mend(app.state))],
		[["Escape"], "let go of what is chosen", (app) => app.release()],
		[["?"], "this help", () => Dom.$("help").showModal()],
	];

	function pressed(app, event) {
		const { key, target } = event;
		if (event.ctrlKey || event.metaKey || event.altKey || Dom.$("help").open) return;
		if (target.matches("input, select, textarea")) return;
		if (key === " " && target.matches("button, summary, a")) return; // it is theirs
		if ((key === "Enter" || key === " ") && target.matches("g.unit")) {
			event.preventDefault();
			target.dispatchEvent(new MouseEvent("click"));
			return;
		}
		if (key.startsWith("Arrow") && (ViewMatrices.walk(key) || target.matches(".scroll"))) return;
		const found = KEYS.find(([keys]) => keys.includes(key));
		if (!found) return;
		event.preventDefault();
		found[2](app);
	}

	const NAMES = { ArrowRight: "\u2192", ArrowLeft: "\u2190", " ": "Space", Escape: "Esc" };
	function draw() {
		Dom.put(
			"keys",
			KEYS.flatMap(([keys, told]) => [
				Dom.h(
					"dt",
					{},
					keys.map((key) => Dom.h("kbd", {}, NAMES[key] || key)),
				),
				Dom.h("dd", {}, told),
			]),
		);
	}
	return { pressed, draw };
})();
