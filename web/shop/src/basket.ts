import { good } from './goods';

/** Goods by id and how many of each, kept by this browser only. */
type Basket = Record<string, number>;

const KEY = 'shop-basket';

export function basket(): Basket {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Basket;
  } catch {
    return {};
  }
}

export function put(id: string, more: number): void {
  const held = basket();
  held[id] = Math.max(0, (held[id] ?? 0) + more);
  if (!held[id]) delete held[id];
  localStorage.setItem(KEY, JSON.stringify(held));
}

export function clear(): void {
  localStorage.removeItem(KEY);
}

export const pieces = (): number => Object.values(basket()).reduce((sum, count) => sum + count, 0);

export const cost = (): number =>
  Object.entries(basket()).reduce((sum, [id, count]) => sum + good(id).price * count, 0);
