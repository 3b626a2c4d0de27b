// The ages of a vocabulary's map: a slider from one to the next, played on request.
import { attributed, button, node, put } from '../shared/dom.js';

const STEP_MS = 550; // from one age to the next

// In `box`, which is hidden where there is one age only. goTo(age): moves the map, and is to call show.
export function agePlayer(box, words, goTo) {
  let at = 0, most = 0;
  let playing = null;
  const slider = attributed(node('input', 'vm-age'), { type: 'range', min: 0, step: 0.02, 'aria-label': words.ages });
  const play = button('vm-tool', words.play, () => (playing ? stop() : run()));
  const line = node('span', 'vm-age-told');
  box.append(play, slider, line);

  slider.addEventListener('input', () => {
    stop();
    goTo(Number(slider.value));
  });
  slider.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault(); // from age to age, not between them
    stop();
    goTo(by > 0 ? Math.floor(at + 1e-6) + 1 : Math.ceil(at - 1e-6) - 1);
  });

  const stop = () => {
    cancelAnimationFrame(playing);
    clearTimeout(playing);
    playing = null;
    put(play, words.play);
  };
  const run = () => {
    if (at >= most) goTo(0);
    put(play, words.pause);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    let last = performance.now();
    const step = (time) => {
      if (!playing) return;
      goTo(still ? Math.floor(at) + 1 : at + Math.max(0, time - last) / (STEP_MS * Math.max(1, 4 / most)));
      last = time;
      if (at >= most) return stop();
      next();
    };
    const next = () => { playing = still ? setTimeout(step, 2 * STEP_MS) : requestAnimationFrame(step); };
    next();
  };

  return {
    stop,
    show: (age, last) => {
      [at, most] = [age, last];
      slider.max = String(most);
      slider.value = String(at);
      box.hidden = most < 1;
    },
    say: (told) => {
      put(line, told);
      attributed(slider, { 'aria-valuetext': told });
    },
  };
}
