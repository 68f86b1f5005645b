// Run a program in Pyodide under Node: node run.mjs PYODIDE WHEEL PROGRAM PART...
// The last line that it prints is what the program reports. "-" as the wheel: none, and no NumPy.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, wheel, program, ...parts] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")).href);
const silent = { messageCallback: () => {} };
const begun = performance.now();
const pyodide = await loadPyodide({ indexURL: resolve(folder) });
if (wheel !== "-") {
  await pyodide.loadPackage("numpy", silent);
  pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel");
}
const loaded = (performance.now() - begun) / 1000;
pyodide.FS.writeFile("/home/pyodide/program.py", readFileSync(program));
pyodide.globals.set("PARTS", pyodide.toPy(parts));
const told = await pyodide.runPythonAsync("import program; program.report(PARTS)");
const python = pyodide.runPython("import sys; sys.version.split()[0]");
console.log(JSON.stringify({ python, loaded, parts: JSON.parse(told) }));
