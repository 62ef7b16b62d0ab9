/** Averages: of values, along a curve, and over the curves of several runs. */

/** Number, mean and standard deviation of the values that are there. */
export function moments(values) {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (!present.length) return { n: 0, mean: null, sd: null };
  const mean = average(present);
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sd = present.length > 1 ? Math.sqrt(squares / (present.length - 1)) : null;
  return { n: present.length, mean, sd };
}

const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Exponential moving average, corrected for its start, so that it does not begin at zero. */
export function smoothed(values, amount) {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * amount + value * (1 - amount);
    weight = weight * amount + (1 - amount);
    return sum / weight;
  });
}

/** The point [x, mean, variance] of a curve at `x`, or null outside of it. */
export function interpolated(points, x) {
  if (!points.length || x < points[0][0] || x > points.at(-1)[0]) return null;
  const after = points.findIndex((point) => point[0] >= x);
  if (points[after][0] === x || after === 0) return points[after];
  const [a, b] = [points[after - 1], points[after]];
  const share = (x - a[0]) / (b[0] - a[0]);
  return [x, a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}

const RESAMPLED = 60;

/**
 * Mean and standard deviation over images and runs: [x, mean, sd] at each x of any curve.
 *
 * The curves hold points [x, mean, variance over images]. With `resample` the mean is taken at
 * evenly spaced x, for curves that share none, such as those over seconds.
 */
export function band(curves, resample = false) {
  const full = curves.filter((points) => points.length);
  if (!full.length) return [];
  let xs = [...new Set(full.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b);
  if (resample && full.length > 1) {
    const [low, high] = [xs[0], xs.at(-1)];
    const step = (high - low) / (RESAMPLED - 1);
    xs = Array.from({ length: RESAMPLED }, (_, place) => low + step * place);
  }
  return xs.flatMap((x) => {
    const points = full.map((curve) => interpolated(curve, x)).filter(Boolean);
    if (!points.length) return [];
    const mean = average(points.map((point) => point[1]));
    const within = average(points.map((point) => point[2]));
    const between = average(points.map((point) => (point[1] - mean) ** 2));
    return [[x, mean, Math.sqrt(within + between)]];
  });
}
