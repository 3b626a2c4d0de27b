// What is asked, in which order, and what is on show: the drawer's state. view.js draws it, room.js makes room for it.

import { attributed, button, filled, finder, follow, put, tell } from '../shared/dom.js';
import { pointNowhere, pointOut, rememberOpener, takeRoom } from './room.js';
import { back, cutAt, deeper, sameNumber, started } from './trail.js';
import { drawn } from './view.js';

const SLOW_MS = 600; // an answer that takes longer leaves the old number under a new place: then it is marked

export default function mount({ element, props, trigger, watch, words }) {
  const find = finder(element);
  const aside = find('drawer');
  const body = find('number');
  let trail = []; // { place, short, title } from the number that was asked for down to the one on show; empty: closed
  let n = 0; // of questions asked
  let run = '';
  let opener = null;
  let isOfAnotherRun = false; // whether the number is asked again because the run has changed
  let takesFocus = false;
  let slow;

  const isOpen = () => trail.length > 0;

  const send = () => {
    props.value = { n, run, place: trail.at(-1).place };
    trigger('submit');
  };

  const ask = (next, focus) => {
    trail = next;
    takesFocus = focus;
    n += 1;
    clearTimeout(slow);
    slow = setTimeout(() => { body.dataset.stale = words.working; }, SLOW_MS);
    aside.setAttribute('aria-busy', 'true');
    drawTrail();
    send();
  };

  const open = ({ from = null, follow: only = false, ...place }) => {
    if (!isOpen() && only) return;
    if (isOpen() && !isOfAnotherRun && sameNumber(trail.at(-1).place, place)) {
      if (!only) aside.focus();
      return;
    }
    if (!isOpen()) takeRoom(aside, true);
    opener = rememberOpener(from);
    isOfAnotherRun = false;
    ask(started(place), !only);
    if (!only) aside.focus({ preventScroll: true });
    opener.show(aside);
  };

  const close = () => {
    trail = [];
    n += 1; // what is under way comes too late
    clearTimeout(slow);
    takeRoom(aside, false);
    body.replaceChildren();
    put(find('spoken'), '');
    opener.focus();
  };

  const go = (operand) => ask(deeper(trail, operand), true);

  const drawTrail = () => {
    find('back').disabled = trail.length < 2;
    find('trail').hidden = trail.length < 2;
    const crumbs = trail.map(({ short, title }, at) => {
      const crumb = attributed(button('crumb', short, () => ask(cutAt(trail, at), true)), { title, 'aria-label': title });
      if (at === trail.length - 1) crumb.setAttribute('aria-current', 'true');
      const item = document.createElement('li');
      item.append(crumb);
      return item;
    });
    find('crumbs').replaceChildren(...crumbs);
    find('crumbs').scrollLeft = find('crumbs').scrollWidth;
    fadeWhereCut();
  };

  const fadeWhereCut = () => find('crumbs').toggleAttribute('data-cut', find('crumbs').scrollLeft > 1);

  const show = (origin) => {
    trail = [...trail.slice(0, -1), { place: origin.place, short: origin.short, title: origin.title }];
    drawTrail();
    body.replaceChildren(...drawn(origin, words, { go, live }));
    aside.scrollTop = 0;
    put(find('spoken'), [filled(words.now, { title: origin.title, value: origin.value }), origin.whose].filter(Boolean).join('. '));
  };

  const refuse = (why) => {
    const told = isOfAnotherRun ? filled(words.gone, { why }) : why;
    const line = document.createElement('p');
    line.className = 'refusal';
    line.textContent = `⚠ ${told}`;
    body.replaceChildren(line);
    put(find('spoken'), told);
  };

  // Where the number is looked at: an enlarged figure would hide that.
  const live = (home) => {
    document.querySelector('.figure-frame[data-large] .tool[aria-pressed=true]')?.click();
    tell('page-wish', home);
    pointOut(home.tab);
  };

  watch('value', () => {
    const { told, origin, why } = props.value || {};
    if (told === undefined || !isOpen()) return;
    if (told !== n) return send(); // of an earlier question: its answer has taken the place of the one that waits to be sent
    clearTimeout(slow);
    delete body.dataset.stale;
    aside.removeAttribute('aria-busy');
    if (origin) show(origin);
    else refuse(why);
    if (takesFocus && (aside.contains(document.activeElement) || document.activeElement === document.body)) {
      (body.querySelector('.deeper') ?? (trail.length > 1 ? find('back') : aside)).focus({ preventScroll: true });
    }
    takesFocus = false;
  });

  for (const type of ['pointerdown', 'keydown']) follow(element, type, pointNowhere);
  follow(element, 'number-asked', ({ detail }) => open(detail));
  follow(element, 'cursor-moved', ({ detail }) => {
    if (detail.run === run) return;
    run = detail.run;
    if (!isOpen()) return;
    isOfAnotherRun = true;
    ask(trail, false);
  });
  follow(element, 'keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || !isOpen()) return;
    if (!aside.contains(event.target) && document.querySelector('.figure-frame[data-large]')) return; // that one first
    event.preventDefault();
    close();
  });
  aside.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault(); // before an enlarged figure hears of it
    close();
  });

  find('heading').id = `${element.id}-heading`;
  put(find('heading'), words.heading);
  aside.setAttribute('aria-labelledby', find('heading').id);
  attributed(find('close'), { 'aria-label': words.close, title: words.close }).addEventListener('click', close);
  put(find('back'), words.back);
  find('back').addEventListener('click', () => ask(back(trail), true));
  attributed(find('trail'), { 'aria-label': words.trail });
  attributed(find('crumbs'), { 'aria-label': words.trail });
  find('crumbs').addEventListener('scroll', fadeWhereCut, { passive: true });
  tell('cursor-asked');
}
