/** Pages beside the shop's own way: a search, a slow page, a letter in the way, things to watch and to try. */
import { art } from './art';
import { GOODS, money, type Good } from './goods';
import { WAYS } from './ways';

const at = <T extends Element = HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

/** The letter waits a moment, as they do. */
const LETTER_MS = 400;

export const tile = ({ id, name, price, tint }: Good): string =>
  `<li><a href="/product?p=${id}" id="good-${id}"><div class="picture">${art(id, tint)}</div><h3>${name}</h3><p>${money(price)}</p></a></li>`;

export function search(): void {
  const asked = new URLSearchParams(location.search).get('q')?.trim() ?? '';
  at<HTMLInputElement>('#search').value = asked;
  at('#asked').textContent = asked ? `“${asked}”` : 'Search';
  const found = GOODS.filter(({ name, lead }) => asked && `${name} ${lead}`.toLowerCase().includes(asked.toLowerCase()));
  at('#results').innerHTML = found.map(tile).join('');
  at('#none').hidden = found.length > 0;
}

export function deals(): void {
  at('#products').innerHTML = GOODS.slice(3).map(tile).join('');
  setTimeout(() => (at('#letter').hidden = false), LETTER_MS);
  at('#letter-close').addEventListener('click', () => (at('#letter').hidden = true));
}

/** A film without a file: leaves that fall on a canvas. */
export function workshop(): void {
  const canvas = document.createElement('canvas');
  canvas.width = 320;
  canvas.height = 180;
  const drawing = canvas.getContext('2d')!;
  drawing.fillStyle = '#dfe7d6';
  drawing.fillRect(0, 0, 320, 180);
  drawing.fillStyle = '#3b7055';
  for (let leaf = 0; leaf < 12; leaf++) drawing.fillRect(20 + 25 * leaf, (leaf * 53) % 160, 14, 8);
  const film = at<HTMLVideoElement>('#film');
  film.srcObject = canvas.captureStream(5);
  void film.play().catch(() => {});
}

export function tryAll(): void {
  const words = (signal: string) => signal.replaceAll('_', ' ');
  at('#ways').innerHTML = WAYS.map(
    ({ signal, page, mouse, touch }) =>
      `<tr data-signal="${signal}"><th><a href="${page}">${words(signal)}</a></th><td>${mouse ?? '–'}</td><td>${touch ?? '–'}</td></tr>`,
  ).join('');
}
