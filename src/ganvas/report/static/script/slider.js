/** The one slider over the optimisation step. */

import { data } from './data.js';
import { h } from './dom.js';
import { allSteps, atTheEnd, currentStep } from './pictures.js';
import { set } from './state.js';

const PAUSE = 350; // ms between two steps of the film
const lastPlace = Math.max(0, allSteps.length - 1);
/** Where the stages of each run end: [name, last step] each. */
const plans = data.curves.ofRun.map((curve) => curve.stages).filter((stages) => stages.length);
const longest = plans.reduce(
  (one, other) => (other.at(-1)[1] > one.at(-1)[1] ? other : one),
  plans[0] ?? [],
);
let playing = 0;

/** The stages that runs are in at a step; of those that have ended, none. */
function stageAt(step) {
  const names = new Set(plans.map((stages) => stages.find(([, last]) => step <= last)?.[0]));
  const inOrder = new Set(plans.flatMap((stages) => stages.map(([name]) => name)));
  return [...inOrder].filter((name) => names.has(name)).join(' · ');
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

/** A label under the stretch of the slider that belongs to each stage, where all runs agree. */
function stageMarks() {
  const ends = new Map(longest);
  const agrees = ([name, last]) => ends.get(name) === last;
  // The last stage of a run may have been cut short.
  if (!plans.every((stages) => stages.slice(0, -1).every(agrees))) return [];
  let before = -1; // step 0 belongs to the first stage
  const counts = longest.map(([name, last]) => {
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
