// The page itself: one state, drawn anew whenever it changes.
(() => {
	const { $, put, button, h, redraw, say } = Dom;
	const copy = (tree) => JSON.parse(JSON.stringify(tree));
	const begun = (state) => Object.assign(state, { start: [...state.theta], memory: Training.fresh(state) });
	const fresh = () => begun(copy(DATA.state));
	const app = {
		state: fresh(),
		view: { step: 0, selected: null, cell: null, timer: null },
		change,
		look,
		go,
		play,
		release,
	};
	let known = {}; // difference quotients of this state, made when they are first looked at

	app.quotients = (name) => known[name] || (known[name] = Differences.of(app.state, Masks.of(app.state), name));

	function change(action) {
		// of the state: all numbers are computed anew
		action();
		known = {};
		app.report = Report.of(app.state);
		draw();
	}
	function look(action) {
		// of what is shown: the numbers stay
		action();
		draw(SHOWN);
	}
	function go(by) {
		const last = Steps.of(app.state).length - 1;
		look(() => (app.view.step = Math.min(Math.max(app.view.step + by, 0), last)));
		if (app.view.step === last) stop();
	}
	function stop() {
		clearInterval(app.view.timer);
		app.view.timer = null;
		drawSteps();
	}
	function play() {
		if (app.view.timer) return stop();
		if (app.view.step === Steps.of(app.state).length - 1) look(() => (app.view.step = 0));
		app.view.timer = setInterval(() => go(1), 1800);
		return drawSteps();
	}
	function release() {
		if (app.view.timer) stop();
		look(() => (app.view.selected = app.view.cell = null));
		if (document.activeElement instanceof SVGElement) document.activeElement.blur();
		ViewNetwork.light(null);
	}

	function drawSteps() {
		redraw(() => {
			const steps = Steps.of(app.state);
			const at = app.view.step;
			put(
				"step-tools",
				button("step-back", "\u2190 Back", () => go(-1), { disabled: at === 0 }),
				button("play", app.view.timer ? "Stop" : "Play", play, { "aria-pressed": String(Boolean(app.view.timer)) }),
				button("step-on", "Next \u2192", () => go(1), { disabled: at === steps.length - 1, class: "main" }),
			);
			put(
				"step-list",
				steps.map((step, k) =>
					h(
						"li",
						{ class: step.back ? "back" : "" },
						button(`step-${k}`, step.id, () => look(() => (app.view.step = k)), {
							"aria-current": k === at ? "step" : null,
							class: k < at ? "done" : "",
						}),
					),
				),
			);
		});
	}

	function drawWords() {
		const { state, report } = app;
		const [mood, sentence] = Words.verdict(state, report);
		say("now", app.step.say(state, report));
		say("verdict", sentence);
		$("verdict").className = mood;
		const bad = report.all && Words.isOff(report.all.sum);
		put(
			"bar",
			h("span", {}, `step ${app.view.step + 1} of ${Steps.of(state).length}: `, h("b", {}, app.step.id)),
			h("span", {}, "loss ", h("b", {}, Words.num(report.loss, 3)), " nats"),
			report.all
				? h("span", { class: bad ? "bad" : "good" }, "sum of p ", h("b", {}, Words.sumOf(report.all.sum)))
				: "",
		);
	}

	function drawShape() {
		const { state } = app;
		const depth = state.degrees.length;
		put(
			"shape",
			state.degrees.map((layer, l) =>
				h(
					"div",
					{ class: "tools", role: "group", "aria-label": `units of hidden layer ${l + 1}` },
					h(
						"span",
						{},
						`${depth > 1 ? `Hidden layer ${l + 1}` : "Hidden layer"}: ${Words.count(layer.length, "unit")}`,
					),
					button(`fewer-${l}`, "\u2212", () => change(() => Actions.width(state, l, layer.length - 1)), {
						disabled: layer.length < 2,
						"aria-label": `one unit less in layer ${l + 1}`,
					}),
					button(`more-${l}`, "+", () => change(() => Actions.width(state, l, layer.length + 1)), {
						disabled: layer.length >= Actions.MOST_UNITS,
						"aria-label": `one unit more in layer ${l + 1}`,
					}),
				),
			),
			h(
				"div",
				{ class: "tools", role: "group", "aria-label": "hidden layers" },
				h("span", {}, "Layers"),
				[1, 2].map((n) =>
					button(`layers-${n}`, String(n), () => change(() => Actions.layers(state, n)), {
						"aria-pressed": String(depth === n),
						"aria-label": `${n} hidden layer${n > 1 ? "s" : ""}`,
					}),
				),
				button("restart", "Start again", () =>
					change(() => {
						app.state = fresh();
						Object.assign(app.view, { step: 0, selected: null, cell: null });
					}),
				),
			),
		);
	}

	const SHOWN = [ViewNetwork, ViewMatrices, ViewRows, ViewSketch];
	const REST = [ViewMasks, ViewTraining, ViewSample, ViewBreak];
	function draw(views = [...SHOWN, ...REST]) {
		const steps = Steps.of(app.state);
		app.view.step = Math.min(app.view.step, steps.length - 1);
		app.step = steps[app.view.step];
		app.shown = new Set(steps.slice(0, app.view.step + 1).map((step) => step.id));
		const { cell } = app.view;
		if (cell && Arithmetic.entry(app.report, cell) === undefined) app.view.cell = null; // its unit or row is gone
		redraw(() => {
			drawWords();
			drawShape();
			views.forEach((view) => view.draw(app));
		});
		drawSteps();
	}

	function prove() {
		// that what was just computed is what Python wrote into the page
		const { count, worst } = Report.compare(fresh(), DATA.python);
		const right = worst <= 1e-12;
		$("proof").className = right ? "good" : "bad";
		put(
			"proof",
			`${count} numbers ${right ? "equal" : "differ from"} those of made_np ${DATA.python.version}, to ${Words.num(worst, 1)}.`,
		);
		return { count, worst };
	}

	app.report = Report.of(app.state);
	const proof = prove();
	Keys.draw();
	$("drawn").hidden = !DATA.drawn;
	$("which").hidden = !DATA.sketch;
	if (DATA.sketch) {
		const { shown, features } = DATA.sketch;
		const whole = h("a", { href: "#sketch-section" }, "the whole model");
		put(
			"which",
			`These are the first ${shown} of ${features} features in the order: a MADE of their own, out of `,
			whole,
			".",
		);
	}
	draw();
	document.addEventListener("keydown", (event) => Keys.pressed(app, event));
	$("help-open").addEventListener("click", () => $("help").showModal());
	$("help-close").addEventListener("click", () => $("help").close());
	let width = innerWidth;
	addEventListener("resize", () => {
		if (innerWidth === width) return;
		width = innerWidth;
		draw();
	});
	addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));

	// For whoever wants to check: the state as JSON, and every number of any state.
	window.made_np = {
		proof,
		state: () => copy(app.state),
		shown: () => copy(app.report),
		report: (state) => copy(Report.of(state)),
		show: (state) => change(() => (app.state = begun(copy(state)))), // a state as Python makes one
	};
})();
