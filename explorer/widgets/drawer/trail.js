// The way from the number that was asked for down to the one on show: places in, places out, no page.

// place: { kind, site, layer, index, temperature, after, model }, as a figure tells it or an answer gives it back.
export function started(place) {
  return [{ place, short: '…', title: '…' }];
}

export function deeper(trail, { place, name }) {
  return [...trail, { place, short: '…', title: name }];
}

export function back(trail) {
  return trail.slice(0, Math.max(1, trail.length - 1));
}

// Back to the crumb at this place of the trail.
export function cutAt(trail, at) {
  return trail.slice(0, at + 1);
}

// Whether two places are of one number; what is left out is as usual.
export function sameNumber(one, other) {
  return keyOf(one) === keyOf(other);
}

function keyOf({ kind = 'site', site = null, layer = null, index, temperature = 1, after = [], model = null, block = null }) {
  return JSON.stringify([kind, site, layer === -1 ? null : layer, index, temperature, after, model, block]);
}
