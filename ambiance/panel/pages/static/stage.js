// The drawn room: a table, a wall and a floor, lit by lamps in their true colour and level.

const NS = "http://www.w3.org/2000/svg";

function make(name, attributes, parent) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  parent?.append(node);
  return node;
}

/** Build the room once for a treatment: its lamps, its player, its diffuser. */
export function stage(svg, score) {
  svg.replaceChildren();
  const defs = make("defs", {}, svg);
  gradient(defs, "floor", [["0", "#3a3129"], ["1", "#211c17"]], { x1: 0, x2: 0, y1: 0, y2: 1 });
  gradient(defs, "wall", [["0", "#4a4038"], ["1", "#3b332c"]], { x1: 0, x2: 0, y1: 0, y2: 1 });
  const soft = make("filter", { id: "soft", x: "-50%", y: "-50%", width: "200%", height: "200%" }, defs);
  make("feGaussianBlur", { stdDeviation: 16 }, soft);
  for (const lamp of score.devices.filter((device) => device.kind === "light")) {
    const glow = make("radialGradient", { id: `glow-${lamp.id}` }, defs);
    make("stop", { offset: "0", class: "inner" }, glow);
    make("stop", { offset: "1", class: "outer", "stop-opacity": 0 }, glow);
  }
  make("rect", { width: 960, height: 360, fill: "url(#wall)" }, svg);
  make("rect", { y: 360, width: 960, height: 180, fill: "url(#floor)" }, svg);
  // A niche with a shelf, where the player and the diffuser stand.
  make("rect", { x: 690, y: 196, width: 190, height: 96, rx: 6, fill: "#2f2822" }, svg);
  make("rect", { x: 684, y: 288, width: 202, height: 9, rx: 3, fill: "#57493d" }, svg);
  make("rect", { x: 712, y: 236, width: 34, height: 52, rx: 6, fill: "#1d1915" }, svg);
  make("circle", { cx: 729, cy: 268, r: 10, fill: "#3b332c" }, svg);
  make("path", { d: "M820 288c-6-16-8-26 3-38h18c11 12 9 22 3 38z", fill: "#d8cfc2" }, svg);
  // The table with its cover, pillow and face cradle.
  make("path", { d: "M250 452v64M610 452v64", stroke: "#4b3f35", "stroke-width": 12 }, svg);
  make("path", { d: "M200 412h470l-16 44H216z", fill: "#b9ad9d" }, svg);
  make("rect", { x: 192, y: 386, width: 486, height: 34, rx: 14, fill: "#e9e2d6" }, svg);
  make("rect", { x: 214, y: 366, width: 96, height: 30, rx: 14, fill: "#f4efe6" }, svg);
  // Light lies over everything, and darkness over the light.
  make("rect", { id: "dark", width: 960, height: 540, fill: "#070605" }, svg);
  const lights = make("g", { id: "lights" }, svg);
  for (const lamp of score.devices.filter((device) => device.kind === "light")) {
    const place = {
      ambient: { cx: 450, cy: 150, rx: 760, ry: 480 },
      accent: { cx: 780, cy: 150, rx: 420, ry: 190 },
      exam: { cx: 430, cy: 380, rx: 250, ry: 110 },
    }[lamp.role];
    make("ellipse", { ...place, id: `lamp-${lamp.id}`, fill: `url(#glow-${lamp.id})` }, lights);
  }
  const sound = make("g", { id: "arcs", fill: "none", stroke: "#f4efe6", "stroke-width": 2, "stroke-linecap": "round" }, svg);
  for (let i = 1; i <= 5; i += 1) {
    make("path", { d: `M${712 - 9 * i} ${256 - 11 * i}q${-9 - i} ${11 * i} 0 ${22 * i}` }, sound);
  }
  const mist = make("g", { id: "mist", fill: "#f4efe6", filter: "url(#soft)" }, svg);
  for (const [cx, cy, rx, ry] of [[832, 226, 20, 26], [826, 176, 34, 34], [846, 120, 52, 38]]) {
    make("ellipse", { cx, cy, rx, ry }, mist);
  }
}

/** Show the room as it is. */
export function draw(svg, room) {
  const seen = Math.max(0, Math.min(1, room.lstar / 100));
  // Eyes adapt: a dim room is shown darker, never black.
  svg.getElementById("dark").setAttribute("opacity", (0.8 * (1 - seen) ** 1.5).toFixed(3));
  for (const lamp of room.lamps) {
    const [red, green, blue] = lamp.tint.map(Math.round);
    const color = `rgb(${red},${green},${blue})`;
    const glow = svg.getElementById(`glow-${lamp.id}`);
    const strength = (lamp.level / 100) * (lamp.role === "ambient" ? 0.8 : 0.75);
    for (const stop of glow.children) {
      stop.setAttribute("stop-color", color);
    }
    glow.firstChild.setAttribute("stop-opacity", strength.toFixed(3));
  }
  const arcs = svg.getElementById("arcs").children;
  const loud = room.dba === null ? 0 : Math.max(1, Math.min(5, Math.round((room.dba - 30) / 5)));
  [...arcs].forEach((arc, i) => arc.setAttribute("opacity", i < loud ? 0.75 : 0));
  svg.getElementById("mist").setAttribute("opacity", [0, 0.22, 0.36, 0.5][room.mist]);
}

function gradient(defs, id, stops, axis) {
  const made = make("linearGradient", { id, ...axis }, defs);
  for (const [offset, color] of stops) {
    make("stop", { offset, "stop-color": color }, made);
  }
}
