/** A command to be typed in a terminal, with a button that copies it. */

import { h } from './dom.js';

export function commandLine(text) {
  const onclick = (event) => copyText(text, event.target);
  return h(
    'div',
    { class: 'command' },
    h('code', {}, text),
    h('button', { type: 'button', onclick }, 'copy'),
  );
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h('textarea', { value: text, class: 'unseen' }); // a file:// address may lack one
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.textContent = 'copied';
}
