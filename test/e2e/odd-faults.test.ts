import { testFaults } from './fault-table.ts';
import { oddFaults } from './odd-faults.ts';

testFaults(oddFaults);
