import { testFaults } from './fault-table.ts';
import { storageFaults } from './storage-faults.ts';

testFaults(storageFaults);
