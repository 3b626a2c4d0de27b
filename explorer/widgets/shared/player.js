// Steps that are played one after the other: what is shown at a step, and how, is its owner's.
import { attributed, follow, put } from './dom.js';

// at(), last(): the step on show and the last one. go(step) shows one. every: milliseconds a step. isSeen(): false when another tab was
// opened. changed(): called when it begins and ends. Returns { isPlaying, pause, toggle, step(by) }; from the end it begins anew.
export function player(element, { at, last, go, every, isSeen, changed }) {
  let playing = null;

  const pause = () => {
    clearInterval(playing);
    playing = null;
    changed();
  };
  const toggle = () => {
    if (playing) return pause();
    if (at() === last()) go(0);
    playing = setInterval(() => {
      if (!element.isConnected || !isSeen()) return pause();
      go(at() + 1);
      if (at() === last()) pause();
    }, every());
    return changed();
  };
  const step = (by) => {
    pause();
    go(Math.max(0, Math.min(last(), at() + by)));
  };
  follow(element, 'visibilitychange', () => document.hidden && pause());
  return { isPlaying: () => playing !== null, pause, toggle, step, go };
}

// Lets buttons and a slider work a player. called: their names, which they have from the beginning, before there is anything to play.
export function handles({ play, back, next, slider }, run, called = {}) {
  for (const [button, name] of [[play, called.play], [back, called.back], [next, called.next]]) if (button && name) put(button, name);
  if (slider && called.slider) attributed(slider, { 'aria-label': called.slider });
  play.addEventListener('click', run.toggle);
  back?.addEventListener('click', () => run.step(-1));
  next?.addEventListener('click', () => run.step(1));
  slider?.addEventListener('input', () => {
    if (run.isPlaying()) run.pause();
    run.go(Number(slider.value));
  });
}
