/*
 * wdfpool.h - the family has a header of this name; allocation itself goes through the memory objects of
 * wdfmemory.h and the kernel's pool, so it declares nothing.
 */
#pragma once
