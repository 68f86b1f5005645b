// Runs the programs of the page "Try it here" in Pyodide, beside the page: so it stays alive, and can stop them.
"use strict";

const PAGE = `
import json

import numpy as np

import _page


def show(images):
    """Draw an array of (height, width), or several of them, (n, height, width): 0 is dark, 1 is light."""
    images = np.asarray(images, dtype=float)
    if images.ndim not in (2, 3) or 0 in images.shape:
        raise ValueError(f"images has shape {images.shape}: give (height, width) or (n, height, width)")
    _page.draw(json.dumps(images.reshape(-1, *images.shape[-2:]).round(3).tolist()))
`;

let ready = null;
const say = (kind, rest) => postMessage({ kind, ...rest });

async function load({ host, wheel, sizes }) {
  say("status", { text: `Loading Python: ${sizes.python} MB.` });
  importScripts(`${host}pyodide.js`);
  const print = (text) => say("out", { text: `${text}\n` });
  const pyodide = await loadPyodide({ indexURL: host, stdout: print, stderr: print });
  say("status", { text: `Loading NumPy: ${sizes.numpy} MB.` });
  await pyodide.loadPackage("numpy", { messageCallback: () => {} });
  say("status", { text: `Loading made_np: ${sizes.made_np} MB.` });
  const answer = await fetch(wheel);
  if (!answer.ok) throw new Error(`${wheel} is not there (${answer.status})`);
  pyodide.unpackArchive(new Uint8Array(await answer.arrayBuffer()), "wheel");
  pyodide.registerJsModule("_page", { draw: (images) => say("picture", { images: JSON.parse(images) }) });
  pyodide.FS.writeFile("page.py", PAGE);
  return pyodide;
}

// What Python says of an error, without the lines about how Pyodide has called the program.
function told(error) {
  const text = String(error.message || error);
  const at = text.indexOf('  File "program.py"');
  return at < 0 ? text : `Traceback (most recent call last):\n${text.slice(at)}`;
}

onmessage = async ({ data }) => {
  try {
    ready ??= load(data);
    const pyodide = await ready;
    say("status", { text: "Running." });
    const begun = performance.now();
    const globals = pyodide.toPy({ __name__: "__main__" });
    await pyodide.runPythonAsync(data.code, { globals, filename: "program.py" });
    say("done", { seconds: (performance.now() - begun) / 1000 });
  } catch (error) {
    say("error", { text: told(error) });
    if (!(error instanceof Error && error.name === "PythonError")) ready = null;
  }
};
