// Words in the reader's language, given by the page; `say("in %s min", 6)` puts in what is missing.

const known = JSON.parse(document.getElementById("words").textContent);

/** What the controller laid into the page so that nothing has to be asked for first; taken out, so that it is read once. */
export function first() {
  const node = document.getElementById("first");
  node.remove();
  return JSON.parse(node.textContent);
}

export function say(name, ...parts) {
  let text = name.split(".").reduce((here, step) => here?.[step], known) ?? name;
  for (const part of parts) {
    text = text.replace("%s", part);
  }
  return text;
}

const phrases = (known.phrases ?? []).map(([english, mine]) => [
  new RegExp(`^${english.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("%s", "(.+?)")}$`), mine,
]);

/** What the controller says of devices, hands and warnings, in the reader's language where that is known. */
export function phrase(said) {
  for (const [english, mine] of phrases) {
    const found = english.exec(said);
    if (found) {
      return found.slice(1).reduce((text, part) => text.replace("%s", () => part), mine);
    }
  }
  return said;
}

/** How wide a ribbon is to be drawn for a place, so that its words keep the size of words. */
export const wide = (place) => Math.min(1600, Math.max(280, Math.round(place.clientWidth)));

/** An element with text, never with markup: whatever a name holds, it is shown as it is. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) {
      node.addEventListener(attribute.slice(2), value);
    } else if (value === true) {
      node.setAttribute(attribute, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(attribute, value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}
