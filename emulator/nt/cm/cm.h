/*
 * The registry: keys and values of one machine, the handles to them, and what an installation leaves in them.
 *
 * Principle of operation. The tree is made when something asks for it first, with the keys that every Windows has, the service keys of the loaded drivers
 * and the keys of the devices, filled from the drivers' INF files; drivers and devices that come later are added before the next question. A life that
 * asks nothing has no tree.
 *
 * Internal design. Keys and values are lists in system memory: a machine has some dozens. A handle is a kernel object of type OB_KEY, a cm_open, which
 * knows the rights it was opened with. A key that was deleted leaves the tree at once and its memory with its last handle.
 *
 * What a driver reads may be anything an administrator wrote: cm_read() asks lane `registry` whether the answer has another type, length or number.
 *
 * All functions run inside the gate at PASSIVE_LEVEL.
 */
#ifndef NT_CM_CM_H
#define NT_CM_CM_H

#include "../io/io.h"

struct cm_value {
    struct cm_value *next;      /* in order of creation */
    UNICODE_STRING name;        /* empty: the default value */
    ULONG type, size;
    UCHAR *data;                /* followed by CM_SPARE bytes of 'A' */
};
#define CM_SPARE 8

struct cm_key {
    struct cm_key *parent, *child, *next; /* children in order of their names */
    UNICODE_STRING name, class_name;
    struct cm_value *values;
    LARGE_INTEGER written;
    unsigned handles;
    bool is_volatile, deleted;
};

/* What a handle stands for. */
struct cm_open {
    struct cm_key *key;
    ACCESS_MASK access;
    const void *caller;         /* who opened it */
    bool used_up;               /* ZwDeleteKey with this handle: only ZwClose may follow */
    struct cm_open *next;
};

/* A value as a reader sees it. */
struct cm_data {
    ULONG type, size;
    const UCHAR *data;
};

void cm_boot(void);

/* ---- key.c: the tree ---- */

/* \Registry, with everything that should be in it by now. */
struct cm_key *cm_root(void);
bool cm_has_tree(void); /* somebody has asked already */
/* The key at this path below `from`, which has no leading backslash; NULL. */
struct cm_key *cm_find(struct cm_key *from, PCUNICODE_STRING path);
struct cm_key *cm_child(struct cm_key *key, PCUNICODE_STRING name);
/* The same with every key on the way made that is missing. */
struct cm_key *cm_make(struct cm_key *from, const char *path);
struct cm_key *cm_make_unicode(struct cm_key *from, PCUNICODE_STRING path);
NTSTATUS cm_delete(struct cm_key *key);
/* "\Registry\Machine\..." for reports; returns out. */
const char *cm_path(const struct cm_key *key, char *out, size_t size);
/* Below \Registry\Machine, whose hives only administrators write (W-REG-4). */
bool cm_is_trusted(const struct cm_key *key);
/* Absolute, or below `root` (the handle of a key). New keys are made where options say so: `create`. */
struct cm_request {
    struct cm_key *root;
    PCUNICODE_STRING path;
    ACCESS_MASK access;
    bool create;
    ULONG options;              /* REG_OPTION_VOLATILE */
    PCUNICODE_STRING class_name;
    const void *caller;
};
NTSTATUS cm_open(const struct cm_request *request, HANDLE *handle, ULONG *disposition);
NTSTATUS cm_open_key(struct cm_key *key, ACCESS_MASK access, const void *caller, HANDLE *handle);
/* The handle's key; STATUS_ACCESS_DENIED without these rights, STATUS_KEY_DELETED. A stale handle is bug check 0x93 (V-OBJ-2). */
NTSTATUS cm_use(HANDLE handle, ACCESS_MASK needs, struct cm_open **open);
/* A handle to a key that this driver (NULL: any) opened and never closed; NULL: none. */
const struct cm_open *cm_left_open(const struct nt_driver *driver);

/* ---- value.c ---- */

struct cm_value *cm_value(const struct cm_key *key, PCUNICODE_STRING name);
NTSTATUS cm_set(struct cm_key *key, PCUNICODE_STRING name, ULONG type, const void *data, ULONG size);
NTSTATUS cm_delete_value(struct cm_key *key, PCUNICODE_STRING name);
void cm_free_values(struct cm_key *key);
const struct cm_value *cm_value_named(const struct cm_key *key, const char *name);
/* For what the emulator itself writes. */
void cm_set_text(struct cm_key *key, const char *name, const char *text);
void cm_set_number(struct cm_key *key, const char *name, ULONG number);
/* A driver reads the value: what it gets, by choice. */
struct cm_data cm_read(const struct cm_value *value);

/* ---- ddi_key.c: what every Zw routine is checked for ---- */

void cm_check_context(void);
void cm_check_pointer(const void *address, size_t size, const char *what);

/* ---- notify.c: ZwNotifyChangeKey ---- */

void cm_notify_boot(void);
/* Something of the key has changed (REG_NOTIFY_CHANGE_...): who waits for that is told. */
void cm_changed(const struct cm_key *key, ULONG what);
/* The handle is closed, or its key is deleted: who waits by it is told. */
void cm_forget_watches(const struct cm_open *open, const struct cm_key *key);

/* ---- install.c: services and devices ---- */

/* Into the tree with the drivers and devices that are new. */
void cm_install_all(struct cm_key *root);
struct image_inf;
/* What the INF has for the device, by its identifiers; NULL: nothing. */
const struct image_inf_model *cm_model_of(const struct image_inf *inf, const struct devnode *node);
/* directives.c: Security, Exclusive and DeviceCharacteristics of the INF of its function driver (NULL: none), to all device objects of its stack. */
void cm_apply_directives(struct devnode *node, const struct driver_image *function);
/* Numbers that the system itself reads, from Services\<name>\<subkey> and from Device Parameters\<subkey>. No tree is made for them. */
ULONG cm_service_number(const struct nt_driver *driver, const char *subkey, const char *name, ULONG otherwise);
ULONG cm_device_number(struct devnode *node, const struct driver_image *function, const char *subkey, const char *name, ULONG otherwise);
/* Enum\<instance>, made with its device. */
struct cm_key *cm_device_key(struct devnode *node);
/* IoOpenDeviceRegistryKey and its relatives. */
NTSTATUS cm_open_device_key(PDEVICE_OBJECT pdo, ULONG type, ACCESS_MASK access, const char *subkey, const void *caller, HANDLE *handle);
NTSTATUS cm_open_driver_key(struct nt_driver *driver, DRIVER_REGKEY_TYPE type, ACCESS_MASK access, bool create, const void *caller, HANDLE *handle);

#endif
