// A token as it is shown everywhere: its text on its own tint, isolated, so that its direction turns nothing around it.
import { node } from './dom.js';

// token: { text, tint }, as labels are sent.
export function chip({ text, tint }, className = 'chip') {
  const made = node('bdi', className, text);
  made.dir = 'auto';
  made.style.background = tintOf(tint);
  return made;
}

export function tintOf(tint) {
  return `var(--token-${tint})`;
}
