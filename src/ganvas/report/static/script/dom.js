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

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  append(node, children);
  assign(node, attributes); // after the children: a select's value needs its options
  return node;
}

export function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  assign(node, attributes);
  return append(node, children);
}

export function select(label, options, value, change) {
  const items = options.map(([key, text]) => h('option', { value: key }, text));
  const onchange = () => change(control.value);
  const control = h('select', { value, 'data-key': label, onchange }, items);
  return h('label', { class: 'field' }, h('span', {}, label), control);
}

export function toggle(label, on, change, title) {
  const onchange = () => change(box.checked);
  const box = h('input', { type: 'checkbox', checked: on, 'data-key': label, onchange });
  return h('label', { class: 'toggle', title }, box, h('span', {}, label));
}

export function choice(label, options, value, change) {
  const button = ([key, text, title]) =>
    h(
      'button',
      {
        type: 'button',
        title,
        'data-key': `${label}:${key}`,
        'aria-pressed': String(key === value),
        onclick: () => change(key),
      },
      text,
    );
  return h('div', { class: 'choice', role: 'group', 'aria-label': label }, options.map(button));
}

export function clear(node) {
  node.replaceChildren();
  return node;
}

/** One tooltip for all charts. */
export const tip = h('div', { class: 'tip', hidden: true, role: 'status' });

export function showTip(event, ...content) {
  append(clear(tip), content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const right = event.clientX + 16;
  const x = right + width > innerWidth ? event.clientX - width - 12 : right;
  const y = Math.min(innerHeight - height - 8, event.clientY + 14);
  tip.style.left = `${Math.max(6, x)}px`;
  tip.style.top = `${Math.max(6, y)}px`;
}

export function hideTip() {
  tip.hidden = true;
}
