import { testFaults } from './fault-table.ts';
import { faults } from './faults.ts';

testFaults(faults);
