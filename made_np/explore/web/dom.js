// Elements of the page: made, filled, and given their focus back after they were drawn anew.
const Dom = (() => {
	const $ = (id) => document.getElementById(id);

	function fill(element, attributes, children) {
		Object.entries(attributes || {}).forEach(([name, value]) => {
			if (value === null || value === undefined || value === false) return;
			if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
			else element.setAttribute(name, value === true ? "" : value);
		});
		element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false));
		return element;
	}
	const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
	const s = (tag, attributes, ...children) =>
		fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

	// A button: what it says, what it does; `more` are attributes.
	const button = (id, text, onclick, more = {}) => h("button", { type: "button", id, onclick, ...more }, text);
	const put = (id, ...children) => $(id).replaceChildren(...children.flat(Infinity).filter(Boolean));

	// Draws, and gives the focus back to the element of the same name, or to a neighbour that is left.
	function redraw(draw) {
		const id = document.activeElement && document.activeElement.id;
		draw();
		const found = id && $(id);
		if (found && found !== document.activeElement) found.focus({ preventScroll: true });
	}
	// A live region speaks when its text changes.
	function say(id, text) {
		if ($(id).textContent !== text) $(id).textContent = text;
	}
	return { $, h, s, button, put, redraw, say };
})();
