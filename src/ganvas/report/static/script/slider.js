/** The one slider over the optimisation step. */

import { data } from './data.js';
import { h } from './dom.js';
import { allSteps, atTheEnd, currentStep } from './pictures.js';
import { set } from './state.js';

const PAUSE = 350; // ms between two steps of the film
const lastPlace = Math.max(0, allSteps.length - 1);
const stageEnds = new Map();
for (const curve of data.curves.ofRun) {
  for (const [name, last] of curve.stages) {
    stageEnds.set(name, Math.max(last, stageEnds.get(name) ?? 0));
  }
}
let playing = 0;

function stageAt(step) {
  const stages = [...stageEnds];
  return (stages.find(([, last]) => step <= last) ?? stages.at(-1) ?? [''])[0];
}

function moveTo(place) {
  const bounded = Math.max(0, Math.min(lastPlace, place));
  set({ step: bounded === lastPlace ? '' : allSteps[bounded] });
}

const stepPlace = () =>
  Math.max(
    0,
    allSteps.findLastIndex((step) => step <= currentStep()),
  );
export const stepBy = (by) => moveTo(stepPlace() + by);

export function play() {
  if (playing) {
    clearInterval(playing);
    playing = 0;
  } else {
    if (atTheEnd()) moveTo(0);
    playing = setInterval(() => (atTheEnd() ? play() : stepBy(1)), PAUSE);
  }
  drawSlider();
}

const range = h('input', {
  type: 'range',
  min: 0,
  max: lastPlace,
  step: 1,
  'aria-label': 'Optimisation step of all pictures',
  id: 'step',
  oninput: () => moveTo(Number(range.value)),
});
const text = h('output', { for: 'step' });
const button = h('button', {
  type: 'button',
  class: 'round',
  onclick: play,
  'aria-label': 'Play',
  title: 'Play (space)',
});

export const slider = h(
  'div',
  { class: 'stepper' },
  button,
  h('div', { class: 'track' }, range, h('div', { class: 'stages' }, stageMarks())),
  text,
);

/** A label under the stretch of the slider that belongs to each stage. */
function stageMarks() {
  let before = -1; // step 0 belongs to the first stage
  const counts = [...stageEnds].map(([name, last]) => {
    const count = allSteps.filter((step) => step > before && step <= last).length;
    before = last;
    return [name, count];
  });
  return counts
    .filter(([, count]) => count)
    .map(([name, count]) => h('span', { style: { 'flex-grow': count } }, name));
}

export function drawSlider() {
  const step = currentStep();
  document.documentElement.toggleAttribute('data-midway', !atTheEnd());
  range.value = stepPlace();
  button.textContent = playing ? '❚❚' : '▶';
  text.replaceChildren('step ', h('b', {}, String(step)), h('small', {}, stageAt(step)));
}
