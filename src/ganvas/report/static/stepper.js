/** The one slider over the optimisation step. */

let playing = 0;
const stageLasts = new Map();
for (const curve of data.curves.ofRun) {
  for (const [name, last] of curve.stages) stageLasts.set(name, Math.max(last, stageLasts.get(name) ?? 0));
}

function stageAt(step) {
  for (const [name, last] of stageLasts) if (step <= last) return name;
  return [...stageLasts.keys()].at(-1) ?? '';
}

function moveTo(place) {
  const bounded = Math.max(0, Math.min(allSteps.length - 1, place));
  set({ step: bounded === allSteps.length - 1 ? '' : allSteps[bounded] });
}

const stepPlace = () => Math.max(0, allSteps.findLastIndex((step) => step <= currentStep()));
const stepBy = (by) => moveTo(stepPlace() + by);

function play() {
  if (playing) {
    clearInterval(playing);
    playing = 0;
  } else {
    if (stepPlace() === allSteps.length - 1) moveTo(0);
    playing = setInterval(() => (stepPlace() === allSteps.length - 1 ? play() : stepBy(1)), 350);
  }
  drawStepper();
}

const stepperRange = h('input', { type: 'range', min: 0, max: Math.max(0, allSteps.length - 1), step: 1,
  'aria-label': 'Optimisation step of all pictures', id: 'step', oninput: () => moveTo(Number(stepperRange.value)) });
const stepperText = h('output', { for: 'step' });
const stepperPlay = h('button', { type: 'button', class: 'round', onclick: play, 'aria-label': 'Play', title: 'Play (space)' });
const stepper = h('div', { class: 'stepper' }, stepperPlay,
  h('div', { class: 'track' }, stepperRange, h('div', { class: 'stages' }, stageMarks())), stepperText);

/** A label under the stretch of the slider that belongs to each stage. */
function stageMarks() {
  let before = -1; // step 0 belongs to the first stage
  const counts = [...stageLasts].map(([name, last]) => {
    const count = allSteps.filter((step) => step > before && step <= last).length;
    before = last;
    return [name, count];
  });
  return counts.filter(([, count]) => count).map(([name, count]) => h('span', { style: { 'flex-grow': count } }, name));
}

function drawStepper() {
  document.documentElement.toggleAttribute('data-midway', stepPlace() < allSteps.length - 1);
  stepperRange.value = stepPlace();
  stepperPlay.textContent = playing ? '❚❚' : '▶';
  stepperRange.style.setProperty('--share', `${(100 * stepPlace()) / Math.max(1, allSteps.length - 1)}%`);
  stepperText.replaceChildren('step ', h('b', {}, String(currentStep())), h('small', {}, stageAt(currentStep())));
}
