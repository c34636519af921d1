import { testFaults } from './fault-table.ts';
import { lookalikes } from './faults.ts';
import { oddLookalikes } from './odd-faults.ts';
import { runtimeLookalikes } from './runtime-faults.ts';
import { storageLookalikes } from './storage-faults.ts';

testFaults([...lookalikes, ...storageLookalikes, ...runtimeLookalikes, ...oddLookalikes]);
