/** Elements by hand: children are nodes or text, never HTML, so that nothing shown can run. */

function assign(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') {
      for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    } else if (name === 'value' || name === 'checked') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  append(node, children);
  assign(node, attributes); // after the children: a select's value needs its options
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  assign(node, attributes);
  return append(node, children);
}

function select(label, options, value, change) {
  const items = options.map(([key, text]) => h('option', { value: key }, text));
  const control = h('select', { value, 'data-key': label, onchange: () => change(control.value) }, items);
  return h('label', { class: 'field' }, h('span', {}, label), control);
}

function toggle(label, on, change, title) {
  const box = h('input', { type: 'checkbox', checked: on, 'data-key': label, onchange: () => change(box.checked) });
  return h('label', { class: 'toggle', title }, box, h('span', {}, label));
}

function choice(label, options, value, change) {
  return h('div', { class: 'choice', role: 'group', 'aria-label': label }, options.map(([key, text, title]) =>
    h('button', { type: 'button', title, 'data-key': `${label}:${key}`, 'aria-pressed': String(key === value),
      onclick: () => change(key) }, text)));
}

function clear(node) {
  node.replaceChildren();
  return node;
}
