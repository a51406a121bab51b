/** What the shop pretends to sell. Prices in cents. */
export interface Good {
  id: string;
  name: string;
  lead: string;
  price: number;
  tint: string;
}

export const GOODS: readonly Good[] = [
  {
    id: 'can',
    name: 'Watering can',
    lead: 'Four litres, a long spout and a brass rose that rains instead of pours. Balanced, so that it is as easy full as empty.',
    price: 5400,
    tint: '#dfe7d6',
  },
  {
    id: 'pot',
    name: 'Terracotta pot',
    lead: 'Hand-thrown and fired slowly. It breathes, it ages, and it survives a winter outside.',
    price: 2600,
    tint: '#f1dfcf',
  },
  {
    id: 'fork',
    name: 'Hand fork',
    lead: 'Three forged tines for heavy soil and an ash handle that fits a wet hand.',
    price: 3200,
    tint: '#e6e3d4',
  },
  {
    id: 'seeds',
    name: 'Seeds for a year',
    lead: 'Twelve packets, one for each month, chosen for balconies and beds no larger than a table.',
    price: 3900,
    tint: '#f3e6c4',
  },
  {
    id: 'lantern',
    name: 'Shed lantern',
    lead: 'Warm light for late work. Charges by day on a window sill and hangs from anything.',
    price: 7800,
    tint: '#dbe2e6',
  },
  {
    id: 'twine',
    name: 'Jute twine',
    lead: 'Eighty metres on a wooden spool. Holds a tomato for a summer and rots in a compost heap.',
    price: 900,
    tint: '#ecdfd3',
  },
];

export const good = (id: string | null): Good => GOODS.find((one) => one.id === id) ?? GOODS[0]!;

export const money = (cents: number): string => `€ ${(cents / 100).toFixed(2)}`;
