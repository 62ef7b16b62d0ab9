/** Scales and their ticks: from values to places on the page and back. */

/** Range of the values that are there, as [low, high], or null. */
export function extent(values) {
  let range = null; // not Math.min(...values): an engine takes only so many arguments
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (!range) range = [value, value];
    else if (value < range[0]) range[0] = value;
    else if (value > range[1]) range[1] = value;
  }
  return range;
}

/** A function from [low, high] to [from, to], with `invert(place)` and `ticks(count)`. */
export function makeScale([low, high], [from, to], log = false) {
  const f = log ? Math.log10 : (value) => value;
  const span = f(high) - f(low) || 1;
  const scale = (value) => from + ((f(value) - f(low)) / span) * (to - from);
  scale.invert = (place) => {
    const value = f(low) + ((place - from) / (to - from)) * span;
    return log ? 10 ** value : value;
  };
  scale.ticks = (count) => (log ? logTicks(low, high) : niceTicks(low, high, count));
  return scale;
}

/** About `count` round numbers within [low, high]. */
export function niceTicks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  return ticks;
}

/** 1, 2 and 5 times the powers of ten; of many only the powers; round numbers where too few. */
export function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of [1, 2, 5]) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  if (ticks.length < 2) return niceTicks(low, high, 4);
  const isPower = (tick) => Number.isInteger(Number(Math.log10(tick).toFixed(9)));
  return ticks.length < 9 ? ticks : ticks.filter(isPower);
}
