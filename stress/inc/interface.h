/* What several apps do first: find the device they are for. Include <cfgmgr32.h>, <stdio.h> and <stdlib.h> before. */

#pragma once

/* The path of the first interface of this class that is present, for free(); NULL after a message, which calls it `What`. */
static char *FindInterface(const GUID *Class, const char *What)
{
    GUID Guid = *Class;
    ULONG Length = 0;
    char *List;

    if (CM_Get_Device_Interface_List_SizeA(&Length, &Guid, NULL, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS ||
        Length <= 1) {
        printf("no %s is present\n", What);
        return NULL;
    }
    List = malloc(Length);
    if (List == NULL) {
        printf("out of memory\n");
        return NULL;
    }
    if (CM_Get_Device_Interface_ListA(&Guid, NULL, List, Length, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS ||
        List[0] == '\0') {
        printf("the %s has gone\n", What);
        free(List);
        return NULL;
    }
    return List;
}
