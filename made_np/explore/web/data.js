// What Python wrote into this page: a state, the numbers that made_np has for it, constants.
const DATA = JSON.parse(document.getElementById("data").textContent);
