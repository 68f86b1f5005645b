// The page "Try it here": an editor, buttons, what a program prints or draws. Python runs in try-it-worker.js.
"use strict";

(() => {
  const root = document.getElementById("try-it");
  const part = (name) => document.getElementById(`try-it-${name}`);
  const settings = JSON.parse(part("settings").textContent);
  const from = (place) => new URL(place, document.baseURI).href;
  const label = part("run").textContent;
  let worker = null;
  let running = false;

  const status = (text) => { part("status").textContent = text; };
  const print = (text, kind) => {
    const line = document.createElement("span");
    line.textContent = text;
    line.className = kind;
    part("output").append(line);
  };

  function mark(isRunning) {
    running = isRunning;
    part("run").textContent = isRunning ? "Running" : label;
    part("run").setAttribute("aria-disabled", String(isRunning));
    part("stop").disabled = !isRunning;
  }

  // images: (n, height, width), 0 is dark. They get colours of their own, so that dark and light pages show the same.
  function draw(images) {
    const height = images[0].length;
    const width = images[0][0].length;
    const canvas = document.createElement("canvas");
    canvas.width = images.length * (width + 1) - 1;
    canvas.height = height;
    canvas.style.width = `${Math.min(canvas.width * 12, 640)}px`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${images.length} pictures of ${height} by ${width} that the program drew`);
    const context = canvas.getContext("2d");
    images.forEach((image, k) => image.forEach((row, y) => row.forEach((value, x) => {
      const shade = Math.round(255 * Math.min(Math.max(value, 0), 1));
      context.fillStyle = `rgb(${shade}, ${shade}, ${shade})`;
      context.fillRect(k * (width + 1) + x, y, 1, 1);
    })));
    part("output").append(canvas);
  }

  const hear = {
    status: ({ text }) => status(text),
    out: ({ text }) => print(text, "out"),
    picture: ({ images }) => draw(images),
    error: ({ text }) => { print(text, "error"); mark(false); status("It ended with an error, which stands in the output."); },
    done: ({ seconds }) => { mark(false); status(`Done in ${seconds.toFixed(2)} s.`); },
  };

  function begin() {
    worker = new Worker(from(settings.worker));
    worker.onmessage = ({ data }) => hear[data.kind](data);
    worker.onerror = (event) => { hear.error({ text: `${event.message || "The worker could not be loaded."}\n` }); worker = null; };
  }

  function run() {
    if (running) return;
    part("output").replaceChildren();
    if (location.protocol === "file:") {
      hear.error({ text: settings.file });
      return;
    }
    if (worker === null) begin();
    mark(true);
    status("Starting.");
    const { host, sizes } = settings;
    worker.postMessage({ code: part("code").value, host: from(host), wheel: from(settings.wheel), sizes });
  }

  function stop() {
    if (!running) return;
    worker.terminate();
    worker = null;
    mark(false);
    status("Stopped. Run begins anew.");
    part("run").focus();
  }

  function choose() {
    part("code").value = settings.programs[part("example").value];
  }

  part("run").addEventListener("click", run);
  part("stop").addEventListener("click", stop);
  part("example").addEventListener("change", choose);
  part("code").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    }
  });
  choose();
  status(settings.first);
  root.hidden = false;
})();
