/** What the paired difference says of the first setting of a ranking and another one. */

const LEVEL = 0.05;

/**
 * Whether the first setting's values are the higher ones on the images that both have.
 * @param row The other setting, with its `difference` from the first one.
 * @param up Whether the ranking has the highest values first: what is said without a difference.
 */
export const isAbove = ({ difference }, up) => (difference ? difference < 0 : up);

export const isReal = ({ holm }) => holm !== null && holm < LEVEL;

/** How many settings of a ranking are worse than its first one, significantly. */
export function beatenIn([, ...others], up) {
  return others.filter((row) => isReal(row) && isAbove(row, up) === up).length;
}

/** On which images a ranking is made, where the settings have different ones. */
export function sharedText(shared) {
  if (shared === null) return '';
  return `on the ${shared === 1 ? 'one image' : `${shared} images`} that all settings have`;
}
